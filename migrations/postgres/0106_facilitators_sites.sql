-- A facilitator looks after sites that there are. Rows of before are not judged.
ALTER TABLE person_site ADD CONSTRAINT person_site_site_exists FOREIGN KEY (site_id) REFERENCES site (id) NOT VALID;
