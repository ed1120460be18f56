-- A facilitator looks after sites that there are. A trigger, because SQLite adds no foreign key to a table that stands.
CREATE TRIGGER person_site_known BEFORE INSERT ON person_site
WHEN NOT EXISTS (SELECT 1 FROM site WHERE id = NEW.site_id)
BEGIN
    SELECT RAISE(ABORT, 'constraint:foreign_key');
END;
