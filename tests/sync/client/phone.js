// A phone: the published WatermelonDB client, its tables in memory, and the glue that docs/sync.md shows.
const { randomBytes } = require('node:crypto')
const { Database, Model, appSchema, tableSchema } = require('@nozbe/watermelondb')
const LokiJSAdapter = require('@nozbe/watermelondb/adapters/lokijs').default
const { schemaMigrations, createTable, addColumns } = require('@nozbe/watermelondb/Schema/migrations')
const { synchronize } = require('@nozbe/watermelondb/sync')
const { setGenerator } = require('@nozbe/watermelondb/utils/common/randomId')
const logger = require('@nozbe/watermelondb/utils/common/logger').default

logger.silence()

function uuidv7() {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(Date.now(), 0, 6)
  bytes[6] = (bytes[6] & 0x0f) | 0x70
  bytes[8] = (bytes[8] & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
setGenerator(uuidv7)

const COLUMNS = {
  accounts: { name: 'string', industry: 'string?', region: 'string?', phone: 'string?', email: 'string?', latitude: 'number?', longitude: 'number?', owner_id: 'string?', grade: 'string?', updated_at: 'number' },
  contacts: { account_id: 'string?', name: 'string', title: 'string?', phone: 'string?', email: 'string?', owner_id: 'string?', updated_at: 'number' },
  activities: { kind: 'string', subject: 'string', body: 'string?', status: 'string?', starts_at: 'number?', done_at: 'number?', account_id: 'string?', contact_id: 'string?', opportunity_id: 'string?', latitude: 'number?', longitude: 'number?', owner_id: 'string?' },
  opportunities: { account_id: 'string?', name: 'string', stage_id: 'string?', amount_minor: 'number?', currency: 'string?', close_on: 'string?', status: 'string?', owner_id: 'string?', updated_at: 'number' },
  products: { sku: 'string', name: 'string', price_minor: 'number?', currency: 'string?' },
  tickets: { number: 'string?', subject: 'string', status: 'string?', priority: 'string?', account_id: 'string?', contact_id: 'string?', updated_at: 'number' },
  ticket_comments: { ticket_id: 'string', body: 'string', visibility: 'string?', created_at: 'number' },
}

const columnsOf = (table, left = []) => Object.entries(COLUMNS[table])
  .filter(([name]) => !left.includes(name))
  .map(([name, type]) => ({ name, type: type.replace('?', ''), isOptional: type.endsWith('?') }))

function schemaOf(tables, left = {}) {
  const listed = tables.map((name) => tableSchema({ name, columns: columnsOf(name, left[name]) }))
  return listed
}

class Phone {
  constructor(suite, token, { tables = Object.keys(COLUMNS), left = {}, version = 1, migrations, device } = {}) {
    Object.assign(this, { suite, token, device: device || uuidv7(), lost: false, attempts: 0, answers: [] })
    const schema = appSchema({ version, tables: schemaOf(tables, left) })
    const adapter = new LokiJSAdapter({
      schema, migrations, useWebWorker: false, useIncrementalIndexedDB: false, dbName: this.device,
      ...(suite.loki || {}),
    })
    const modelClasses = tables.map((table) => class extends Model { static table = table })
    this.database = new Database({ adapter, modelClasses })
    this.tables = tables
  }

  // The twenty lines of docs/sync.md, and `lost`: the answer to the next push never arrives.
  sync() {
    const { suite, token, device } = this
    const headers = { authorization: `Bearer ${token}`, 'x-device-id': device }
    return synchronize({
      database: this.database,
      migrationsEnabledAtVersion: this.migrationsFrom,
      pullChanges: async ({ lastPulledAt, schemaVersion, migration }) => {
        const query = `last_pulled_at=${lastPulledAt}&schema_version=${schemaVersion}&migration=${encodeURIComponent(JSON.stringify(migration))}`
        const answer = await fetch(`${suite.url}/v1/sync/pull?${query}`, { headers })
        if (!answer.ok) throw new Error(`pull ${answer.status} ${await answer.text()}`)
        const found = await answer.json()
        this.pulled = found
        return found
      },
      pushChanges: async ({ changes, lastPulledAt }) => {
        this.attempts += 1
        const answer = await fetch(`${suite.url}/v1/sync/push?last_pulled_at=${lastPulledAt}`, {
          method: 'POST', headers, body: JSON.stringify(changes),
        })
        this.answers.push(answer.status)
        if (!answer.ok) throw new Error(`push ${answer.status} ${await answer.text()}`)
        if (this.lost) { this.lost = false; throw new Error('the answer was lost') }
        const found = await answer.json()
        this.rejected = found.experimentalRejectedIds || {}
        return found
      },
    })
  }

  // As apps do it: a push that ran into others' changes is tried again after a pull.
  async settle(tries = 4) {
    for (let left = tries; ; left -= 1) {
      try {
        await this.sync()
        return
      } catch (error) {
        if (left <= 1 || !/push 409/.test(error.message)) throw error
      }
    }
  }

  create(table, values, id) {
    return this.database.write(() => this.database.get(table).create((record) => {
      if (id) record._raw.id = id
      for (const [name, value] of Object.entries(values)) record._setRaw(name, value)
    }))
  }

  async update(table, id, values) {
    const record = await this.database.get(table).find(id)
    return this.database.write(() => record.update(() => {
      for (const [name, value] of Object.entries(values)) record._setRaw(name, value)
    }))
  }

  async remove(table, id) {
    const record = await this.database.get(table).find(id)
    return this.database.write(() => record.markAsDeleted())
  }

  async rows(table) {
    const records = await this.database.get(table).query().fetch()
    return new Map(records.map((record) => [record.id, record._raw]))
  }

  async row(table, id) {
    return (await this.rows(table)).get(id)
  }

  // Everything that it holds, without what the client keeps for itself. What it made and a rule refused (a person of an
  // account that another phone removed meanwhile) stays with it, dirty, and is nobody else's.
  async all() {
    const found = {}
    for (const table of this.tables) {
      for (const [id, raw] of await this.rows(table)) {
        const { _status, _changed, updated_at, ...rest } = raw
        if (_status === 'created' && (this.rejected?.[table] || []).includes(id)) continue
        found[`${table}/${id}`] = rest
      }
    }
    return found
  }
}

module.exports = { Phone, uuidv7, COLUMNS, schemaMigrations, createTable, addColumns, columnsOf }
