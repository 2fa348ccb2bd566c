-- The kernel tables of a service's schema, as of the first migration. Frozen: a later change of
-- schema.py is a new file (0002.sql) and a new migration in each service.
-- {service} is the schema and the request role; {service}_feed numbers and reads the log.

CREATE SEQUENCE events_seq;

CREATE TABLE custom_fields (
	organisation_id UUID NOT NULL,
	id UUID NOT NULL,
	resource TEXT NOT NULL,
	key TEXT NOT NULL,
	label JSONB NOT NULL,
	kind TEXT NOT NULL,
	options JSONB DEFAULT '[]' NOT NULL,
	is_required BOOLEAN DEFAULT 'false' NOT NULL,
	version BIGINT DEFAULT '1' NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
	deleted_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_custom_fields PRIMARY KEY (organisation_id, id)
);
CREATE UNIQUE INDEX uq_custom_fields_organisation_id_resource_key ON custom_fields (organisation_id, resource, key) WHERE deleted_at IS NULL;
ALTER TABLE custom_fields ENABLE ROW LEVEL SECURITY;
ALTER TABLE custom_fields FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON custom_fields
    USING (organisation_id = (SELECT nullif(current_setting('app.organisation_id', true), '')::uuid));

CREATE TABLE directory_shares (
	organisation_id UUID NOT NULL,
	id UUID NOT NULL,
	resource TEXT NOT NULL,
	record_id UUID NOT NULL,
	user_id UUID,
	team_id UUID,
	access TEXT NOT NULL,
	until TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_directory_shares PRIMARY KEY (organisation_id, id)
);
CREATE INDEX ix_directory_shares_organisation_id_resource ON directory_shares (organisation_id, resource);
ALTER TABLE directory_shares ENABLE ROW LEVEL SECURITY;
ALTER TABLE directory_shares FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON directory_shares
    USING (organisation_id = (SELECT nullif(current_setting('app.organisation_id', true), '')::uuid));

CREATE TABLE directory_state (
	organisation_id UUID NOT NULL,
	version BIGINT NOT NULL,
	name TEXT DEFAULT '' NOT NULL,
	time_zone TEXT DEFAULT 'UTC' NOT NULL,
	currency TEXT DEFAULT 'CNY' NOT NULL,
	region TEXT DEFAULT 'CN' NOT NULL,
	CONSTRAINT pk_directory_state PRIMARY KEY (organisation_id)
);
ALTER TABLE directory_state ENABLE ROW LEVEL SECURITY;
ALTER TABLE directory_state FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON directory_state
    USING (organisation_id = (SELECT nullif(current_setting('app.organisation_id', true), '')::uuid));

CREATE TABLE directory_teams (
	organisation_id UUID NOT NULL,
	id UUID NOT NULL,
	version BIGINT NOT NULL,
	name TEXT NOT NULL,
	parent_id UUID,
	CONSTRAINT pk_directory_teams PRIMARY KEY (organisation_id, id)
);
ALTER TABLE directory_teams ENABLE ROW LEVEL SECURITY;
ALTER TABLE directory_teams FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON directory_teams
    USING (organisation_id = (SELECT nullif(current_setting('app.organisation_id', true), '')::uuid));

CREATE TABLE directory_users (
	organisation_id UUID NOT NULL,
	id UUID NOT NULL,
	version BIGINT NOT NULL,
	name TEXT NOT NULL,
	email TEXT NOT NULL,
	active BOOLEAN NOT NULL,
	sees_team UUID[] DEFAULT '{}' NOT NULL,
	sees_subtree UUID[] DEFAULT '{}' NOT NULL,
	teams UUID[] DEFAULT '{}' NOT NULL,
	subtree_teams UUID[] DEFAULT '{}' NOT NULL,
	CONSTRAINT pk_directory_users PRIMARY KEY (organisation_id, id)
);
CREATE INDEX ix_directory_users_organisation_id_email ON directory_users (organisation_id, email);
ALTER TABLE directory_users ENABLE ROW LEVEL SECURITY;
ALTER TABLE directory_users FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON directory_users
    USING (organisation_id = (SELECT nullif(current_setting('app.organisation_id', true), '')::uuid));

CREATE TABLE events (
	organisation_id UUID NOT NULL,
	id UUID NOT NULL,
	seq BIGINT DEFAULT nextval('events_seq') NOT NULL,
	position BIGINT,
	type TEXT NOT NULL,
	subject_type TEXT NOT NULL,
	subject_id UUID NOT NULL,
	version BIGINT NOT NULL,
	actor_id UUID,
	actor_kind TEXT NOT NULL,
	channel TEXT NOT NULL,
	changed TEXT[] NOT NULL,
	before JSONB,
	after JSONB NOT NULL,
	owner_id UUID,
	team_id UUID,
	request_id TEXT,
	trace_id TEXT,
	occurred_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
	CONSTRAINT pk_events PRIMARY KEY (organisation_id, subject_id, version, id, occurred_at)
)
 PARTITION BY RANGE (occurred_at);
CREATE INDEX ix_events_organisation_id_position ON events (organisation_id, position) WHERE position IS NOT NULL;
CREATE INDEX ix_events_position ON events (position) WHERE position IS NOT NULL;
CREATE INDEX ix_events_unnumbered ON events (seq) WHERE position IS NULL;
ALTER TABLE events ENABLE ROW LEVEL SECURITY;
ALTER TABLE events FORCE ROW LEVEL SECURITY;

CREATE TABLE feed_cursors (
	consumer TEXT NOT NULL,
	epoch UUID,
	position BIGINT NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
	CONSTRAINT pk_feed_cursors PRIMARY KEY (consumer)
);

CREATE TABLE feed_head (
	feed TEXT NOT NULL,
	epoch UUID NOT NULL,
	position BIGINT NOT NULL,
	CONSTRAINT pk_feed_head PRIMARY KEY (feed)
);

CREATE TABLE idempotency (
	organisation_id UUID NOT NULL,
	actor_id UUID NOT NULL,
	key TEXT NOT NULL,
	fingerprint BYTEA NOT NULL,
	status INTEGER NOT NULL,
	headers JSONB NOT NULL,
	body BYTEA NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
	CONSTRAINT pk_idempotency PRIMARY KEY (organisation_id, actor_id, key)
);
CREATE INDEX ix_idempotency_created_at ON idempotency (created_at);
ALTER TABLE idempotency ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON idempotency
    USING (organisation_id = (SELECT nullif(current_setting('app.organisation_id', true), '')::uuid));

CREATE TABLE jobs (
	organisation_id UUID NOT NULL,
	id UUID NOT NULL,
	kind TEXT NOT NULL,
	status TEXT DEFAULT 'queued' NOT NULL,
	done INTEGER DEFAULT '0' NOT NULL,
	total INTEGER,
	errors INTEGER DEFAULT '0' NOT NULL,
	attempts INTEGER DEFAULT '0' NOT NULL,
	lease UUID,
	params JSONB DEFAULT '{}' NOT NULL,
	checkpoint JSONB,
	result JSONB,
	created_by UUID,
	created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
	started_at TIMESTAMP WITH TIME ZONE,
	finished_at TIMESTAMP WITH TIME ZONE,
	heartbeat_at TIMESTAMP WITH TIME ZONE,
	message TEXT,
	CONSTRAINT pk_jobs PRIMARY KEY (organisation_id, id),
	CONSTRAINT ck_jobs_status CHECK (status IN ('queued', 'running', 'done', 'failed', 'cancelled'))
);
CREATE INDEX ix_jobs_organisation_id_created_at ON jobs (organisation_id, created_at);
ALTER TABLE jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE jobs FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON jobs
    USING (organisation_id = (SELECT nullif(current_setting('app.organisation_id', true), '')::uuid));

-- Expired rows may be deleted by a session that is bound to no organisation (the worker's purge).
CREATE POLICY expiry ON idempotency FOR DELETE USING (nullif(current_setting('app.organisation_id', true), '') IS NULL AND created_at < now() - interval '24 hours');

CREATE POLICY expiry ON jobs FOR DELETE USING (nullif(current_setting('app.organisation_id', true), '') IS NULL AND finished_at < now() - interval '90 days');


-- The log is append-only: the request role adds and reads its organisation's events, no more.
CREATE POLICY organisation ON events TO "{service}"
    USING (organisation_id = (SELECT nullif(current_setting('app.organisation_id', true), '')::uuid));
CREATE POLICY feed ON events TO "{service}_feed" USING (true);
REVOKE UPDATE, DELETE ON events FROM "{service}";
GRANT SELECT, UPDATE (position) ON events TO "{service}_feed";
REVOKE INSERT, UPDATE, DELETE ON feed_head FROM "{service}";
GRANT SELECT, UPDATE (position) ON feed_head TO "{service}_feed";
GRANT USAGE ON SEQUENCE events_seq TO "{service}";
INSERT INTO feed_head (feed, epoch, position) VALUES ('events', gen_random_uuid(), 0);

-- A month's partition; nobody reaches it but through the parent (forced row security, no policy).
CREATE FUNCTION create_event_partition(day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    first date := date_trunc('month', day);
    name text := 'events_' || to_char(day, 'YYYYMM');
BEGIN
    IF to_regclass(name) IS NOT NULL THEN RETURN; END IF;
    EXECUTE format('CREATE TABLE %I PARTITION OF events FOR VALUES FROM (%L) TO (%L) WITH (fillfactor = 85)',
                   name, first::timestamp AT TIME ZONE 'UTC', (first + interval '1 month') AT TIME ZONE 'UTC');
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('REVOKE ALL ON %I FROM "{service}"', name);
END $$;

-- Every migrate step (each start, each deployment) makes the coming months; the default partition
-- takes what nobody foresaw: imported history from before, or a year without a restart.
CREATE FUNCTION create_event_partitions() RETURNS void LANGUAGE sql AS $$
    SELECT create_event_partition((date_trunc('month', now()) + make_interval(months => ahead))::date)
    FROM generate_series(0, 12) AS ahead
$$;
CREATE TABLE events_default PARTITION OF events DEFAULT;
ALTER TABLE events_default ENABLE ROW LEVEL SECURITY;
ALTER TABLE events_default FORCE ROW LEVEL SECURITY;
REVOKE ALL ON events_default FROM "{service}";
SELECT create_event_partitions();

-- Positions are given after commit, under one locked row, gap-free. Every statement of a plpgsql
-- function sees what was committed before it (READ COMMITTED), which this relies on.
-- Returns how many were numbered, -1 when another reader is at it.
CREATE FUNCTION number_events(most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    head bigint;
    numbered integer;
BEGIN
    SELECT position INTO head FROM feed_head WHERE feed = 'events' FOR UPDATE SKIP LOCKED;
    IF head IS NULL THEN RETURN -1; END IF;
    WITH fresh AS (
        SELECT organisation_id, subject_id, version, id, occurred_at, row_number() OVER (ORDER BY seq) AS rank
        FROM (SELECT * FROM events WHERE position IS NULL ORDER BY seq LIMIT most) AS waiting
    ), done AS (
        UPDATE events AS e SET position = head + fresh.rank FROM fresh
        WHERE e.organisation_id = fresh.organisation_id AND e.subject_id = fresh.subject_id
          AND e.version = fresh.version AND e.id = fresh.id AND e.occurred_at = fresh.occurred_at
        RETURNING 1
    ) SELECT count(*) INTO numbered FROM done;
    IF numbered > 0 THEN
        UPDATE feed_head SET position = head + numbered WHERE feed = 'events';
    END IF;
    RETURN numbered;
END $$;

-- A list inside a custom field as an array, for `has` and `in`.
CREATE FUNCTION jsonb_text_array(items jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN jsonb_typeof(items) = 'array'
                THEN ARRAY(SELECT item FROM jsonb_array_elements_text(items) AS item) END
$$;

-- pgqueuer's own tables (version 1.6), its notifying trigger off.

-- pgqueuer 1.6.0 -- prefix='' schema=None durability=durable

CREATE TYPE pgqueuer_status AS ENUM ('queued', 'picked', 'successful', 'exception', 'canceled', 'deleted', 'failed');

CREATE TABLE pgqueuer (
    id bigserial NOT NULL PRIMARY KEY,
    priority integer NOT NULL,
    queue_manager_id uuid,
    created timestamp with time zone NOT NULL DEFAULT now(),
    updated timestamp with time zone NOT NULL DEFAULT now(),
    heartbeat timestamp with time zone NOT NULL DEFAULT now(),
    execute_after timestamp with time zone NOT NULL DEFAULT now(),
    status pgqueuer_status NOT NULL,
    entrypoint text NOT NULL,
    dedupe_key text,
    payload bytea,
    headers jsonb,
    attempts integer NOT NULL DEFAULT 0,
    slot bigint
);

CREATE TABLE pgqueuer_log (
    id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL PRIMARY KEY,
    created timestamp with time zone NOT NULL DEFAULT now(),
    job_id bigint NOT NULL,
    status pgqueuer_status NOT NULL,
    priority integer NOT NULL,
    entrypoint text NOT NULL,
    traceback jsonb,
    aggregated boolean DEFAULT false
);

CREATE TABLE pgqueuer_schedules (
    id bigserial NOT NULL PRIMARY KEY,
    expression text NOT NULL,
    entrypoint text NOT NULL,
    heartbeat timestamp with time zone NOT NULL DEFAULT now(),
    created timestamp with time zone NOT NULL DEFAULT now(),
    updated timestamp with time zone NOT NULL DEFAULT now(),
    next_run timestamp with time zone NOT NULL DEFAULT now(),
    last_run timestamp with time zone,
    status pgqueuer_status DEFAULT 'queued'::pgqueuer_status,
    UNIQUE (expression, entrypoint)
);

CREATE TABLE pgqueuer_statistics (
    id bigserial NOT NULL PRIMARY KEY,
    created timestamp with time zone NOT NULL DEFAULT date_trunc('sec'::text, now()),
    count bigint NOT NULL,
    priority integer NOT NULL,
    status pgqueuer_status NOT NULL,
    entrypoint text NOT NULL
);

CREATE INDEX pgqueuer_ep_ea_idx ON pgqueuer USING btree (entrypoint, execute_after) WHERE (status = 'queued'::pgqueuer_status);

CREATE INDEX pgqueuer_ep_prio_id_idx ON pgqueuer USING btree (entrypoint, priority DESC, id) WHERE (status = 'queued'::pgqueuer_status);

CREATE INDEX pgqueuer_log_created ON pgqueuer_log USING btree (created);

CREATE INDEX pgqueuer_log_job_id_status ON pgqueuer_log USING btree (job_id, created DESC);

CREATE INDEX pgqueuer_log_not_aggregated ON pgqueuer_log USING btree ((1)) WHERE (NOT aggregated);

CREATE INDEX pgqueuer_log_status ON pgqueuer_log USING btree (status);

CREATE INDEX pgqueuer_picked_heartbeat_idx ON pgqueuer USING btree (heartbeat) WHERE (status = 'picked'::pgqueuer_status);

CREATE UNIQUE INDEX pgqueuer_picked_slot_idx ON pgqueuer USING btree (entrypoint, slot) WHERE ((status = 'picked'::pgqueuer_status) AND (slot IS NOT NULL));

CREATE INDEX pgqueuer_priority_id_id1_idx ON pgqueuer USING btree (priority, id DESC) INCLUDE (id) WHERE (status = 'queued'::pgqueuer_status);

CREATE INDEX pgqueuer_queue_manager_id_idx ON pgqueuer USING btree (queue_manager_id) WHERE (queue_manager_id IS NOT NULL);

CREATE UNIQUE INDEX pgqueuer_statistics_unique_count ON pgqueuer_statistics USING btree (priority, date_trunc('sec'::text, timezone('UTC'::text, created)), status, entrypoint);

CREATE UNIQUE INDEX pgqueuer_unique_dedupe_key ON pgqueuer USING btree (dedupe_key) WHERE ((status = ANY (ARRAY['queued'::pgqueuer_status, 'picked'::pgqueuer_status])) AND (dedupe_key IS NOT NULL));

CREATE INDEX pgqueuer_updated_id_id1_idx ON pgqueuer USING btree (updated, id DESC) INCLUDE (id) WHERE (status = 'picked'::pgqueuer_status);

CREATE FUNCTION fn_pgqueuer_changed() RETURNS TRIGGER AS $$
DECLARE
    to_emit BOOLEAN := false;  -- Flag to decide whether to emit a notification
BEGIN
    -- Check operation type and set the emit flag accordingly
    IF TG_OP = 'UPDATE' AND OLD IS DISTINCT FROM NEW THEN
        to_emit := true;
    ELSIF TG_OP = 'DELETE' THEN
        to_emit := true;
    ELSIF TG_OP = 'INSERT' THEN
        to_emit := true;
    ELSIF TG_OP = 'TRUNCATE' THEN
        to_emit := true;
    END IF;

    -- Perform notification if the emit flag is set
    IF to_emit THEN
        PERFORM pg_notify(
            'ch_pgqueuer',
            json_build_object(
                'channel', 'ch_pgqueuer',
                'operation', lower(TG_OP),
                'sent_at', NOW(),
                'table', TG_TABLE_NAME,
                'type', 'table_changed_event'
            )::text
        );
    END IF;

    -- Return appropriate value based on the operation
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        RETURN NEW;
    ELSIF TG_OP = 'DELETE' THEN
        RETURN OLD;
    ELSE
        RETURN NULL; -- For TRUNCATE and other non-row-specific contexts
    END IF;

END;
$$ LANGUAGE plpgsql;

CREATE TRIGGER tg_pgqueuer_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgqueuer
EXECUTE FUNCTION fn_pgqueuer_changed();
ALTER TABLE pgqueuer DISABLE TRIGGER tg_pgqueuer_changed;

DO $grants$ DECLARE app text := quote_ident(current_schema()); BEGIN
    EXECUTE 'GRANT SELECT, INSERT, UPDATE, DELETE ON pgqueuer, pgqueuer_log, pgqueuer_schedules, pgqueuer_statistics TO ' || app;
    EXECUTE 'GRANT USAGE ON ALL SEQUENCES IN SCHEMA ' || app || ' TO ' || app;
END $grants$;
