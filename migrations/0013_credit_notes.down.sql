DROP INDEX orders_called_off_idx;
DROP TABLE credit_notes, credit_note_counters;
