-- The provision log (提供記録) in PostgreSQL 15 or later. A database administrator runs this once, by
-- `tokumei ledger prepare` or with psql; docs/ledger.md says who gets which role.
--
-- Nobody but the owner, a role that cannot log in, has any right to write a row. Whoever may write entries may call one
-- function, which works out number, hashes and indexes from the bytes of the entry and takes nothing else on trust.

DO $roles$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['tokumei_owner', 'tokumei_reader', 'tokumei_writer', 'tokumei_steward'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        END IF;
    END LOOP;
END
$roles$;
GRANT tokumei_reader TO tokumei_writer;
GRANT tokumei_writer TO tokumei_steward;

CREATE SCHEMA provision_log AUTHORIZATION tokumei_owner;
COMMENT ON SCHEMA provision_log IS 'tokumei provision log 1';
GRANT USAGE ON SCHEMA provision_log TO tokumei_reader;

SET ROLE tokumei_owner;
SET search_path = provision_log;

-- Texts compare by their bytes, as in SQLite.
CREATE TABLE entry (
    seq bigint PRIMARY KEY,
    type text COLLATE "C" NOT NULL,
    bytes bytea NOT NULL,
    leaf bytea NOT NULL CHECK (length(leaf) = 32)
);
CREATE INDEX entry_type ON entry (type, seq);
CREATE TABLE subject (
    kind text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (kind, id, seq)
);
CREATE INDEX subject_seq ON subject (seq);
CREATE TABLE key (
    key text COLLATE "C" PRIMARY KEY,
    seq bigint NOT NULL UNIQUE
);
CREATE TABLE node (
    level int NOT NULL,
    idx bigint NOT NULL,
    hash bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, idx)
);
CREATE TABLE checkpoint (
    number bigint PRIMARY KEY,
    size bigint NOT NULL,
    note text NOT NULL
);

CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = provision_log, pg_temp AS $body$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'TK001';
END
$body$;

-- ALWAYS: also in a session that replays a replica's changes.
DO $triggers$
DECLARE
    target text;
BEGIN
    FOREACH target IN ARRAY ARRAY['entry', 'subject', 'key', 'node', 'checkpoint'] LOOP
        EXECUTE format(
            'CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON %I EXECUTE FUNCTION refuse()', target);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER only_grows', target);
    END LOOP;
END
$triggers$;

-- The write lock of this database, until the transaction ends; gives the number the next entry will have.
CREATE FUNCTION lock() RETURNS bigint LANGUAGE plpgsql SET search_path = provision_log, pg_temp AS $body$
BEGIN
    PERFORM pg_advisory_xact_lock(1414221129);
    RETURN (SELECT coalesce(max(seq) + 1, 0) FROM entry);
END
$body$;

-- Adds the entry with these canonical bytes. Its number must be the next one; RFC 9162 section 2.1.1 gives the hashes.
CREATE FUNCTION append(data bytea) RETURNS bigint
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = provision_log, pg_temp AS $body$
DECLARE
    -- PostgreSQL reads no JSON with a NUL in it. None is in what is read here; elsewhere it does not matter.
    fields json := replace(convert_from(data, 'UTF8'), '\u0000', '\ufffd');
    next_seq bigint := lock();
    hashed bytea := sha256('\x00'::bytea || data);
    place bigint := next_seq;
    height int := 0;
BEGIN
    IF (fields ->> 'seq')::bigint IS DISTINCT FROM next_seq THEN
        RAISE EXCEPTION 'the entry has not the next number' USING ERRCODE = 'TK002';
    END IF;
    INSERT INTO entry VALUES (next_seq, fields ->> 'type', data, hashed);
    INSERT INTO subject SELECT about.key, about.value, next_seq FROM json_each_text(fields -> 'subjects') AS about;
    IF fields ->> 'key' IS DISTINCT FROM '' THEN
        INSERT INTO key VALUES (fields ->> 'key', next_seq);
    END IF;
    LOOP
        INSERT INTO node VALUES (height, place, hashed);
        EXIT WHEN place & 1 = 0;
        hashed := sha256('\x01'::bytea
            || (SELECT hash FROM node WHERE level = height AND idx = place - 1) || hashed);
        height := height + 1;
        place := place >> 1;
    END LOOP;
    RETURN next_seq;
END
$body$;

-- Keeps a signed checkpoint of the first `signed` entries.
CREATE FUNCTION keep(signed bigint, text text) RETURNS void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = provision_log, pg_temp AS $body$
BEGIN
    IF signed > lock() OR signed < (SELECT coalesce(max(size), 0) FROM checkpoint) THEN
        RAISE EXCEPTION 'the checkpoint is of another log' USING ERRCODE = 'TK002';
    END IF;
    INSERT INTO checkpoint SELECT count(*), signed, text FROM checkpoint;
END
$body$;

REVOKE ALL ON FUNCTION refuse(), lock(), append(bytea), keep(bigint, text) FROM PUBLIC;
GRANT SELECT ON entry, subject, key, node, checkpoint TO tokumei_reader;
GRANT EXECUTE ON FUNCTION lock(), append(bytea) TO tokumei_writer;
GRANT EXECUTE ON FUNCTION keep(bigint, text) TO tokumei_steward;
RESET ROLE;
