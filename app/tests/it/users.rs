//! Accounts: who may make, see, change and remove whom.

use crate::support::app::{EMAIL, TestApp};
use serde_json::{Value, json};
use uuid::Uuid;

const USERS: &str = "/api/v1/users";

struct Two {
    app: TestApp,
    ours: i64,
    theirs: i64,
    owner: Uuid,
    staff: Uuid,
    their_owner: Uuid,
}

/// Two shops with an owner each, staff in one, and the administrator.
async fn two_shops() -> Two {
    let app = TestApp::new().await.with_admin().await;
    let (ours, theirs) = (app.vendor("ours").await, app.vendor("theirs").await);
    let owner = app.user("owner@ours.example", "owner", Some(ours)).await;
    let staff = app.user("staff@ours.example", "staff", Some(ours)).await;
    let their_owner = app
        .user("owner@theirs.example", "owner", Some(theirs))
        .await;
    Two {
        app,
        ours,
        theirs,
        owner,
        staff,
        their_owner,
    }
}

async fn patch(app: &TestApp, token: &str, id: Uuid, body: Value) -> u16 {
    let answer = app
        .ask_as(token, "PATCH", &format!("{USERS}/{id}"), &body)
        .await;
    answer.status.as_u16()
}

async fn delete(app: &TestApp, token: &str, id: Uuid) -> u16 {
    let path = format!("{USERS}/{id}");
    app.ask_as(token, "DELETE", &path, &json!({}))
        .await
        .status
        .as_u16()
}

async fn emails(app: &TestApp, token: &str) -> Vec<String> {
    let answer = app.get_as(token, USERS).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let json = answer.json();
    let items = json["items"].as_array().unwrap();
    items
        .iter()
        .map(|user| user["email"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn an_owner_sees_the_own_shop_and_an_administrator_everybody() {
    let Two {
        app,
        their_owner,
        staff,
        ..
    } = two_shops().await;
    let owner = app.token_of("owner@ours.example").await;
    assert_eq!(
        emails(&app, &owner).await,
        ["owner@ours.example", "staff@ours.example"]
    );
    assert_eq!(emails(&app, &app.token().await).await.len(), 4);
    let path = |id| format!("{USERS}/{id}");
    let shown = app.get_as(&owner, &path(staff)).await.json();
    assert_eq!(
        (&shown["role"], &shown["is_active"]),
        (&json!("staff"), &json!(true))
    );
    assert!(shown.get("password_hash").is_none());
    assert_eq!(app.get_as(&owner, &path(their_owner)).await.status, 404);
    assert_eq!(app.get_as(&owner, &path(Uuid::nil())).await.status, 404);
    let staff = app.token_of("staff@ours.example").await;
    assert_eq!(app.get_as(&staff, USERS).await.status, 403);
}

#[tokio::test]
async fn the_list_comes_in_parts() {
    let Two { app, .. } = two_shops().await;
    let token = app.token().await;
    let first = app.get_as(&token, &format!("{USERS}?limit=3")).await.json();
    assert_eq!(first["items"].as_array().unwrap().len(), 3);
    let next = first["next"].as_str().unwrap();
    let second = app
        .get_as(&token, &format!("{USERS}?limit=3&after={next}"))
        .await
        .json();
    assert_eq!(second["items"].as_array().unwrap().len(), 1);
    assert_eq!(second["next"], Value::Null);
    assert_eq!(
        app.get_as(&token, &format!("{USERS}?limit=0")).await.status,
        422
    );
}

#[tokio::test]
async fn an_owner_invites_staff_of_the_own_shop_and_nobody_else() {
    let Two {
        app, ours, theirs, ..
    } = two_shops().await;
    let token = app.token_of("owner@ours.example").await;
    let new = |email: &str, role: &str, vendor: Option<i64>| json!({"email": email, "name": "New", "role": role, "vendor_id": vendor});
    let made = app
        .post_as(&token, USERS, &new("new@ours.example", "staff", None))
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    let user = made.json();
    assert_eq!(user["vendor_id"], ours);
    assert_eq!(
        made.header("location"),
        format!("{USERS}/{}", user["id"].as_str().unwrap())
    );
    let job: Value = sqlx::query_scalar("SELECT args FROM jobs WHERE kind = 'password_reset'")
        .fetch_one(&app.database.pool)
        .await
        .unwrap();
    assert_eq!(job, json!({"user_id": user["id"], "purpose": "invitation"}));
    for (body, status) in [
        (new("x@ours.example", "owner", None), 403),
        (new("x@ours.example", "admin", None), 403),
        (new("x@ours.example", "staff", Some(theirs)), 404),
        (new("NEW@ours.example", "staff", None), 409),
        (new("no address", "staff", None), 422),
        (json!({"email": "x@ours.example", "role": "boss"}), 422),
        (
            json!({"email": "x@ours.example", "role": "staff", "is_admin": true}),
            422,
        ),
    ] {
        assert_eq!(
            app.post_as(&token, USERS, &body).await.status,
            status,
            "{body}"
        );
    }
    let staff = app.token_of("staff@ours.example").await;
    let refused = app
        .post_as(&staff, USERS, &new("x@ours.example", "staff", None))
        .await;
    assert_eq!(refused.status, 403);
    assert_eq!(app.acts().await, ["user.create"]);
}

#[tokio::test]
async fn an_administrator_makes_every_role_where_it_belongs() {
    let Two { app, ours, .. } = two_shops().await;
    let token = app.token().await;
    for (role, vendor, status) in [
        ("owner", Some(ours), 201),
        ("staff", Some(ours), 201),
        ("admin", None, 201),
        ("admin", Some(ours), 422),
        ("owner", None, 422),
        ("staff", Some(999_999), 422),
    ] {
        let email = format!("{role}{status}{vendor:?}@example.org");
        let body = json!({"email": email, "role": role, "vendor_id": vendor});
        assert_eq!(
            app.post_as(&token, USERS, &body).await.status,
            status,
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_plan_that_is_full_takes_no_more_accounts() {
    let Two { app, ours, .. } = two_shops().await;
    sqlx::query("INSERT INTO subscriptions (vendor_id, plan_code) VALUES ($1, 'starter')")
        .bind(ours)
        .execute(&app.database.pool)
        .await
        .unwrap();
    let token = app.token_of("owner@ours.example").await;
    for (email, status) in [("third@ours.example", 201), ("fourth@ours.example", 409)] {
        let body = json!({"email": email, "role": "staff"});
        assert_eq!(app.post_as(&token, USERS, &body).await.status, status);
    }
}

#[tokio::test]
async fn nobody_rises_by_own_hand() {
    let Two {
        app,
        owner,
        staff,
        their_owner,
        ..
    } = two_shops().await;
    let (of_owner, of_staff) = (
        app.token_of("owner@ours.example").await,
        app.token_of("staff@ours.example").await,
    );
    for (token, id, body, status) in [
        (&of_staff, staff, json!({"role": "owner"}), 403),
        (&of_owner, owner, json!({"role": "admin"}), 403),
        (&of_owner, owner, json!({"is_active": false}), 403),
        (&of_owner, staff, json!({"role": "owner"}), 403),
        (&of_owner, staff, json!({"role": "admin"}), 403),
        (&of_owner, their_owner, json!({"name": "Eve"}), 404),
        (&of_owner, staff, json!({"vendor_id": 1}), 422),
        (&of_owner, owner, json!({"name": "Own name"}), 200),
        (&of_owner, staff, json!({"name": "Their name"}), 200),
    ] {
        assert_eq!(patch(&app, token, id, body.clone()).await, status, "{body}");
    }
    assert_eq!(delete(&app, &of_owner, their_owner).await, 404);
    assert_eq!(delete(&app, &of_owner, owner).await, 403);
    assert_eq!(delete(&app, &of_staff, owner).await, 403);
}

#[tokio::test]
async fn the_last_one_in_charge_stays() {
    let Two {
        app, owner, staff, ..
    } = two_shops().await;
    let token = app.token().await;
    for body in [json!({"role": "staff"}), json!({"is_active": false})] {
        assert_eq!(patch(&app, &token, owner, body).await, 409);
    }
    assert_eq!(delete(&app, &token, owner).await, 409);
    assert_eq!(
        patch(&app, &token, owner, json!({"role": "admin"})).await,
        422
    );
    assert_eq!(
        patch(&app, &token, staff, json!({"role": "owner"})).await,
        200
    );
    assert_eq!(delete(&app, &token, owner).await, 204);
    let other = app.user("second@example.org", "admin", None).await;
    let me: Uuid = app.get_as(&token, "/api/v1/auth/me").await.json()["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(delete(&app, &token, me).await, 403);
    let second = app.token_of("second@example.org").await;
    assert_eq!(delete(&app, &second, me).await, 204);
    assert_eq!(
        patch(&app, &second, other, json!({"role": "owner"})).await,
        403
    );
}

#[tokio::test]
async fn two_administrators_cannot_remove_each_other_at_the_same_time() {
    let app = TestApp::new().await.with_admin().await;
    let second = app.user("second@example.org", "admin", None).await;
    let (one, two) = (app.token().await, app.token_of("second@example.org").await);
    let first: Uuid = app.get_as(&one, "/api/v1/auth/me").await.json()["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    tokio::join!(delete(&app, &one, second), delete(&app, &two, first));
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM users WHERE role = 'admin'")
        .fetch_one(&app.database.pool)
        .await
        .unwrap();
    assert_eq!(left, 1);
}

#[tokio::test]
async fn who_loses_a_role_is_out_at_once() {
    let Two { app, staff, .. } = two_shops().await;
    let owner = app.token_of("owner@ours.example").await;
    let token = app.token_of("staff@ours.example").await;
    assert_eq!(app.get_as(&token, "/api/v1/auth/me").await.status, 200);
    assert_eq!(
        patch(&app, &owner, staff, json!({"is_active": false})).await,
        200
    );
    assert_eq!(app.get_as(&token, "/api/v1/auth/me").await.status, 401);
    assert_eq!(
        patch(&app, &owner, staff, json!({"is_active": true})).await,
        200
    );
    assert_eq!(
        app.get_as(&token, "/api/v1/auth/me").await.status,
        401,
        "the old token stays void"
    );
    app.token_of("staff@ours.example").await;
    assert_eq!(delete(&app, &owner, staff).await, 204);
    assert_eq!(
        app.acts().await,
        ["user.update", "user.update", "user.delete"]
    );
}

#[tokio::test]
async fn the_audit_log_is_for_those_in_charge_and_of_their_shop() {
    let Two {
        app,
        ours,
        theirs,
        staff,
        ..
    } = two_shops().await;
    let owner = app.token_of("owner@ours.example").await;
    patch(&app, &owner, staff, json!({"name": "A"})).await;
    let admin = app.token().await;
    let audit = |token: String, query: String| {
        let app = &app;
        async move { app.get_as(&token, &format!("/api/v1/audit{query}")).await }
    };
    let all = audit(admin.clone(), String::new()).await.json();
    assert_eq!(all["items"][0]["action"], "user.update");
    assert_eq!(all["items"][0]["user_email"], "owner@ours.example");
    assert_eq!(all["items"][0]["vendor_id"], ours);
    let own = audit(owner.clone(), String::new()).await.json();
    assert_eq!(own["items"].as_array().unwrap().len(), 1);
    let other = app.token_of("owner@theirs.example").await;
    assert_eq!(
        audit(other.clone(), String::new()).await.json()["items"],
        json!([])
    );
    assert_eq!(audit(other, format!("?vendor={ours}")).await.status, 404);
    let of_theirs = audit(admin.clone(), format!("?vendor={theirs}"))
        .await
        .json();
    assert_eq!(of_theirs["items"], json!([]));
    let of_staff = app.token_of("staff@ours.example").await;
    assert_eq!(audit(of_staff, String::new()).await.status, 403);
    assert_eq!(audit("x".into(), String::new()).await.status, 401);
    patch(&app, &owner, staff, json!({"name": "B"})).await;
    let first = audit(admin.clone(), "?limit=1".into()).await.json();
    let next = first["next"].as_i64().unwrap();
    let second = audit(admin, format!("?limit=1&before={next}")).await.json();
    assert_ne!(first["items"][0]["id"], second["items"][0]["id"]);
    let page = app.page("/admin/audit", &app.log_in().await).await;
    assert!(
        page.status == 200 && page.body.contains("user.update"),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn an_administrator_works_for_a_shop_and_stops() {
    let Two { app, ours, .. } = two_shops().await;
    let cookie = app.log_in().await;
    let csrf = app.page("/admin", &cookie).await.csrf();
    let choose = |csrf: String, vendor: String| {
        let (app, cookie) = (&app, &cookie);
        async move {
            let fields = [("csrf", csrf.as_str()), ("vendor", vendor.as_str())];
            app.form("/admin/vendor", cookie, &fields).await.status
        }
    };
    let me = || async { app.page("/api/v1/auth/me", &cookie).await.json()["vendor_id"].clone() };
    assert_eq!(choose("guess".into(), ours.to_string()).await, 403);
    assert_eq!(choose(csrf.clone(), "999999".into()).await, 404);
    assert_eq!(choose(csrf.clone(), "x".into()).await, 404);
    assert_eq!(me().await, Value::Null);
    assert_eq!(choose(csrf.clone(), ours.to_string()).await, 303);
    assert_eq!(me().await, ours);
    assert_eq!(choose(csrf, String::new()).await, 303);
    assert_eq!(me().await, Value::Null);
    assert_eq!(app.acts().await, ["vendor.act_for", "vendor.act_for"]);
    let staff = app.token_of("staff@ours.example").await;
    assert_eq!(
        app.post_as(&staff, "/admin/vendor", &json!({}))
            .await
            .status,
        403
    );
    assert_eq!(
        app.get_as(&app.token().await, USERS).await.json()["items"][0]["email"],
        EMAIL
    );
}
