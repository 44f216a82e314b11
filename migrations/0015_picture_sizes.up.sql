-- compatible-from: 3
-- Of pictures, the right way up; the job that makes the small versions writes
-- them. NULL: of an earlier release, or no picture.
ALTER TABLE uploads
    ADD COLUMN width  integer CHECK (width > 0),
    ADD COLUMN height integer CHECK (height > 0);
