DROP TABLE reports, import_errors, imports;
