DROP TABLE reports, import_errors, import_skus, imports;
