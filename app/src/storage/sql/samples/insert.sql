INSERT INTO samples (at, name, value)
SELECT $1, name, value FROM unnest($2::text[], $3::float8[]) AS given(name, value)
ON CONFLICT (name, at) DO NOTHING
