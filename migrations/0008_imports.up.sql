-- compatible-from: 3
-- A run of an import. It remembers how far it got, so that a run that was cut
-- off goes on from there.
CREATE TABLE imports (
    id           uuid PRIMARY KEY,
    vendor_id    bigint NOT NULL REFERENCES vendors ON DELETE CASCADE,
    kind         text NOT NULL CHECK (kind IN ('products', 'orders')),
    source_url   text NOT NULL CHECK (length(source_url) <= 2000),
    state        text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    job_id       uuid,
    -- The last row that is done with: the line of the feed (products), or how
    -- many orders; orders also have the cursor of the next page.
    position     bigint NOT NULL DEFAULT 0,
    cursor       text,
    -- What the source said it was when the run began; another one starts over.
    source_tag   text NOT NULL DEFAULT '',
    total_bytes  bigint,
    read_bytes   bigint NOT NULL DEFAULT 0,
    created_rows bigint NOT NULL DEFAULT 0,
    updated_rows bigint NOT NULL DEFAULT 0,
    same_rows    bigint NOT NULL DEFAULT 0,
    failed_rows  bigint NOT NULL DEFAULT 0,
    error        text,
    requested_by uuid REFERENCES users ON DELETE SET NULL,
    created_at   timestamptz NOT NULL,
    started_at   timestamptz,
    finished_at  timestamptz
);
CREATE INDEX imports_vendor_idx ON imports (vendor_id, created_at DESC);
CREATE INDEX imports_requested_by_idx ON imports (requested_by);
-- One at a time for each vendor and kind.
CREATE UNIQUE INDEX imports_one_idx ON imports (vendor_id, kind) WHERE state IN ('queued', 'running');

-- Article numbers the feed has had so far, so that a second row with the same
-- one is found without remembering the feed. Emptied when the run ends.
CREATE TABLE import_skus (
    import_id  uuid NOT NULL REFERENCES imports ON DELETE CASCADE,
    sku        text NOT NULL,
    row_number bigint NOT NULL,
    PRIMARY KEY (import_id, sku)
);

-- The first errors of a run, by row; the count is on the run.
CREATE TABLE import_errors (
    import_id  uuid NOT NULL REFERENCES imports ON DELETE CASCADE,
    row_number bigint NOT NULL,
    field      text NOT NULL DEFAULT '',
    value      text NOT NULL DEFAULT '',
    detail     text NOT NULL,
    PRIMARY KEY (import_id, row_number, field)
);

-- Files that were made for somebody: reports and exports.
CREATE TABLE reports (
    id          uuid PRIMARY KEY,
    vendor_id   bigint NOT NULL REFERENCES vendors ON DELETE CASCADE,
    kind        text NOT NULL CHECK (kind IN ('sales')),
    format      text NOT NULL CHECK (format IN ('csv', 'xlsx')),
    from_date   date NOT NULL,
    to_date     date NOT NULL CHECK (to_date >= from_date),
    state       text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed')),
    job_id      uuid,
    file_key    text,
    size_bytes  bigint,
    error       text,
    requested_by uuid REFERENCES users ON DELETE SET NULL,
    created_at  timestamptz NOT NULL,
    finished_at timestamptz
);
CREATE INDEX reports_vendor_idx ON reports (vendor_id, created_at DESC);
CREATE INDEX reports_requested_by_idx ON reports (requested_by);
