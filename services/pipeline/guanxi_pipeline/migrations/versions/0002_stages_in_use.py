"""Nothing comes to stand in a stage that is removed, or open in a pipeline that is put away, at the same
moment: whoever puts something in holds both, whoever takes them away waits for that."""

from alembic import op

from guanxi_shared.migrations import execute_script

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Asked by a trigger, because a create is one statement, and looks into memory that may be a second old.
# Keys are shared: what is held for a moment is only that the stage is there, not what it says.
STAGE_IS_THERE = """
CREATE FUNCTION stage_is_there() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM stages s
      JOIN pipelines p ON p.organisation_id = s.organisation_id AND p.id = s.pipeline_id
      WHERE s.organisation_id = NEW.organisation_id AND s.pipeline_id = NEW.pipeline_id AND s.id = NEW.stage_id
        AND s.removed_at IS NULL AND (p.deleted_at IS NULL OR NEW.status <> 'open')
      FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = 'the stage is not there any more',
            CONSTRAINT = 'fk_opportunities_organisation_id_stage_id';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stage_is_there BEFORE INSERT OR UPDATE OF stage_id ON opportunities
    FOR EACH ROW EXECUTE FUNCTION stage_is_there();
"""


def upgrade() -> None:
    execute_script(STAGE_IS_THERE)


def downgrade() -> None:
    op.execute("DROP TRIGGER stage_is_there ON opportunities")
    op.execute("DROP FUNCTION stage_is_there()")
