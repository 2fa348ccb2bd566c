-- What a service that erases people adds to its schema, after its table `erasures`. Frozen.
--
-- The log is append-only: the request role may not change an event. An erasure blanks the payloads of
-- one person's events all the same, and nothing else of them: ids, positions, versions, types and who
-- did it stay, so that the feed has no hole. It does so through this function of the schema's owner,
-- which demands that this very transaction has written down the erasure (in a table that the request
-- role cannot change or delete from).

CREATE POLICY erasure ON events TO CURRENT_USER USING (organisation_id = (SELECT nullif(current_setting('app.organisation_id', true), '')::uuid));
CREATE FUNCTION erase_events(erasure uuid, noun text, subjects uuid[], states jsonb[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    bound uuid := nullif(current_setting('app.organisation_id', true), '')::uuid;
    blanked bigint;
BEGIN
    PERFORM 1 FROM erasures AS r
    WHERE r.organisation_id = bound AND r.id = erasure AND r.erased_at = now();
    IF NOT FOUND THEN
        RAISE EXCEPTION 'events are blanked only in the transaction of an erasure'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE events AS e SET before = NULL, after = s.state || jsonb_build_object('version', e.version)
    FROM unnest(subjects, states) AS s (id, state)
    WHERE e.organisation_id = bound AND e.subject_id = s.id AND e.subject_type = noun;
    GET DIAGNOSTICS blanked = ROW_COUNT;
    RETURN blanked;
END $$;
REVOKE ALL ON FUNCTION erase_events(uuid, text, uuid[], jsonb[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erase_events(uuid, text, uuid[], jsonb[]) TO "{service}";
REVOKE UPDATE, DELETE ON erasures FROM "{service}";
GRANT UPDATE (counts) ON erasures TO "{service}";
