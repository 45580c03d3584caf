-- The access log (閲覧記録) in PostgreSQL, beside the provision log and with its roles: who may write entries may record a
-- visit, who signs may also declare visits over. Nobody else changes a row, and nobody changes one that is not over.

CREATE SCHEMA access_log AUTHORIZATION tokumei_owner;
COMMENT ON SCHEMA access_log IS 'tokumei access log 1';
GRANT USAGE ON SCHEMA access_log TO tokumei_reader;

SET ROLE tokumei_owner;
SET search_path = access_log;

CREATE TABLE visit (
    number bigint PRIMARY KEY,
    at text COLLATE "C" NOT NULL,
    actor text COLLATE "C" NOT NULL,
    room text COLLATE "C" NOT NULL,
    action text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL
);
CREATE INDEX visit_at ON visit (at);
CREATE TABLE expired (upto bigint PRIMARY KEY);

CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = access_log, pg_temp AS $body$
BEGIN
    RAISE EXCEPTION 'the access log is append-only until it expires' USING ERRCODE = 'TK001';
END
$body$;
CREATE FUNCTION only_what_is_over() RETURNS trigger LANGUAGE plpgsql SET search_path = access_log, pg_temp AS $body$
BEGIN
    IF OLD.number > (SELECT coalesce(max(upto), 0) FROM expired) THEN
        RAISE EXCEPTION 'the access log is append-only until it expires' USING ERRCODE = 'TK001';
    END IF;
    RETURN OLD;
END
$body$;
CREATE TRIGGER only_grows BEFORE UPDATE OR TRUNCATE ON visit EXECUTE FUNCTION refuse();
CREATE TRIGGER only_ends BEFORE DELETE ON visit FOR EACH ROW EXECUTE FUNCTION only_what_is_over();
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON expired EXECUTE FUNCTION refuse();
ALTER TABLE visit ENABLE ALWAYS TRIGGER only_grows;
ALTER TABLE visit ENABLE ALWAYS TRIGGER only_ends;
ALTER TABLE expired ENABLE ALWAYS TRIGGER only_grows;

-- The highest number ever given: a number is never given twice, also after everything is over.
CREATE FUNCTION last_number() RETURNS bigint LANGUAGE sql SET search_path = access_log, pg_temp AS $body$
    SELECT greatest((SELECT coalesce(max(number), 0) FROM visit), (SELECT coalesce(max(upto), 0) FROM expired))
$body$;

CREATE FUNCTION record(at text, actor text, room text, action text, subject text) RETURNS bigint
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = access_log, pg_temp AS $body$
DECLARE
    given bigint;
BEGIN
    -- Numbers become visible in their order, so that a day's digest never misses one that is still being written.
    PERFORM pg_advisory_xact_lock(1414221121);
    given := last_number() + 1;
    INSERT INTO visit VALUES (given, at, actor, room, action, subject);
    RETURN given;
END
$body$;

CREATE FUNCTION expire(last bigint) RETURNS bigint
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = access_log, pg_temp AS $body$
DECLARE
    gone bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(1414221121);
    IF last > last_number() THEN
        RAISE EXCEPTION 'there is no such visit' USING ERRCODE = 'TK002';
    END IF;
    INSERT INTO expired SELECT last WHERE last > (SELECT coalesce(max(upto), 0) FROM expired);
    DELETE FROM visit WHERE number <= last;
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$body$;

REVOKE ALL ON FUNCTION refuse(), only_what_is_over(), last_number(), record(text, text, text, text, text),
    expire(bigint) FROM PUBLIC;
GRANT SELECT ON visit, expired TO tokumei_reader;
GRANT EXECUTE ON FUNCTION last_number() TO tokumei_reader;
GRANT EXECUTE ON FUNCTION record(text, text, text, text, text) TO tokumei_writer;
GRANT EXECUTE ON FUNCTION expire(bigint) TO tokumei_steward;
RESET ROLE;
