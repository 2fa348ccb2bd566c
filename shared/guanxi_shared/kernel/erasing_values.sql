-- What a service adds whose records are about a person without being one, after `erasing.sql`. Frozen.
--
-- Their log is read for more than the person (how long something took, what it was worth), so it is not
-- blanked as a whole: a field's value that told of the person becomes another one, wherever in the log of
-- its record it stands, and everything else stays. Under the same condition as `erase_events`.
CREATE FUNCTION erase_values(
    erasure uuid, noun text, subjects uuid[], fields text[], olds jsonb[], news jsonb[]
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    bound uuid := nullif(current_setting('app.organisation_id', true), '')::uuid;
    one record;
    done bigint;
    blanked bigint := 0;
BEGIN
    PERFORM 1 FROM erasures AS r
    WHERE r.organisation_id = bound AND r.id = erasure AND r.erased_at = now();
    IF NOT FOUND THEN
        RAISE EXCEPTION 'events are blanked only in the transaction of an erasure'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    FOR one IN SELECT * FROM unnest(subjects, fields, olds, news) AS s (id, field, old, new) LOOP
        UPDATE events AS e SET
            before = CASE WHEN e.before -> one.field = one.old
                          THEN jsonb_set(e.before, ARRAY[one.field], one.new) ELSE e.before END,
            after = CASE WHEN e.after -> one.field = one.old
                         THEN jsonb_set(e.after, ARRAY[one.field], one.new) ELSE e.after END
        WHERE e.organisation_id = bound AND e.subject_id = one.id AND e.subject_type = noun
          AND (e.before -> one.field = one.old OR e.after -> one.field = one.old);
        GET DIAGNOSTICS done = ROW_COUNT;
        blanked := blanked + done;
    END LOOP;
    RETURN blanked;
END $$;
REVOKE ALL ON FUNCTION erase_values(uuid, text, uuid[], text[], jsonb[], jsonb[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erase_values(uuid, text, uuid[], text[], jsonb[], jsonb[]) TO "{service}";
