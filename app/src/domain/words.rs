//! Amounts, dates and numbers as people read them, in English.

use super::money::Money;
use super::zone::Zone;
use time::OffsetDateTime;
use time::macros::format_description;

/// A date such as `24 November 2026`.
#[must_use]
pub fn date(at: OffsetDateTime, zone: &Zone) -> String {
    let form = format_description!("[day padding:none] [month repr:long] [year]");
    zone.at(at).format(form).unwrap_or_default()
}

/// A moment such as `24 November 2026, 11:05 CET`.
#[must_use]
pub fn moment(at: OffsetDateTime, zone: &Zone) -> String {
    let form = format_description!("[hour]:[minute]");
    let time = zone.at(at).format(form).unwrap_or_default();
    format!("{}, {time} {}", date(at, zone), zone.abbreviation(at))
}

/// An amount such as `€1,234.50`, or with its code where the sign is not
/// everybody's: `1,234.50 CHF`.
#[must_use]
pub fn money(money: Money) -> String {
    let amount = money.amount();
    let (sign, digits) = match amount.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", amount.as_str()),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, format!(".{fraction}")),
        None => (digits, String::new()),
    };
    let number = format!("{}{fraction}", grouped(whole));
    match money.currency.as_str() {
        "EUR" => format!("{sign}€{number}"),
        "USD" => format!("{sign}${number}"),
        "GBP" => format!("{sign}£{number}"),
        code => format!("{sign}{number} {code}"),
    }
}

/// Basis points as `17%` or `8.1%`.
#[must_use]
pub fn percent(basis_points: u32) -> String {
    let (whole, rest) = (basis_points / 100, basis_points % 100);
    match rest {
        0 => format!("{whole}%"),
        rest => format!("{whole}.{}%", format!("{rest:02}").trim_end_matches('0')),
    }
}

fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    #[test]
    fn amounts_read_as_in_a_shop() {
        let shown = |minor, code: &str| money(Money::new(minor, code.parse().unwrap()));
        assert_eq!(shown(123_450, "EUR"), "€1,234.50");
        assert_eq!(shown(-5, "EUR"), "-€0.05");
        assert_eq!(shown(100_000_000, "CHF"), "1,000,000.00 CHF");
        assert_eq!(shown(1_500, "JPY"), "1,500 JPY");
    }

    #[test]
    fn dates_and_rates_are_short() {
        let at = datetime!(2026-11-04 23:05 UTC);
        assert_eq!(date(at, &Zone::utc()), "4 November 2026");
        assert_eq!(moment(at, &Zone::utc()), "4 November 2026, 23:05 UTC");
        let zone = "Europe/Luxembourg".parse().unwrap();
        assert_eq!(date(at, &zone), "5 November 2026");
        assert_eq!(moment(at, &zone), "5 November 2026, 00:05 CET");
        assert_eq!(percent(1700), "17%");
        assert_eq!(percent(810), "8.1%");
        assert_eq!(percent(5), "0.05%");
    }

    proptest! {
        #[test]
        fn grouping_changes_no_digit(number in any::<u64>()) {
            let text = number.to_string();
            let shown = grouped(&text);
            prop_assert_eq!(shown.replace(',', ""), text);
            prop_assert!(shown.split(',').skip(1).all(|group| group.len() == 3));
        }
    }
}
