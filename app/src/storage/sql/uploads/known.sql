SELECT names.name
  FROM unnest($1::text[]) AS names (name)
 WHERE EXISTS (SELECT FROM uploads WHERE uploads.key = names.name)
    OR EXISTS (
        SELECT FROM uploads
         WHERE uploads.key = regexp_replace(names.name, '-[0-9]+$', '')
           AND uploads.thumbnails -> substring(names.name FROM '[0-9]+$') ->> 'key' = names.name)
    OR EXISTS (SELECT FROM reports WHERE reports.file_key = names.name)
