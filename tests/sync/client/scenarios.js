// What happens to people with phones. Each scenario is a function of the world; `run` tells how it went.
const assert = require('node:assert/strict')
const { Phone, uuidv7, COLUMNS, schemaMigrations, createTable, addColumns, columnsOf } = require('./phone')

const world = JSON.parse(process.env.GUANXI_SYNC_WORLD)
const { url, people } = world
const suite = { url }

async function api(person, method, path, body) {
  const answer = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${people[person].token}`, 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  const found = await answer.json()
  if (!answer.ok) throw new Error(`${method} ${path} ${answer.status} ${JSON.stringify(found)}`)
  return found
}

const phoneOf = (person, options) => new Phone(suite, people[person].token, options)
const account = (person, name, more = {}) => api(person, 'POST', '/v1/accounts', { name, ...more })

const scenarios = {
  async 'a first sync brings what its user sees, and nothing of others'() {
    const mine = await account('rep', 'first sync, mine')
    const theirs = await account('other', 'first sync, theirs')
    const phone = phoneOf('rep')
    await phone.sync()
    const held = await phone.rows('accounts')
    assert.equal(held.get(mine.id).name, 'first sync, mine')
    assert.ok(!held.has(theirs.id))
    assert.ok((await phone.rows('products')).size >= 1)
    assert.equal(phone.attempts, 0)
  },

  async 'an account, a person, a deal and a visit made offline arrive in one push'() {
    const phone = phoneOf('rep')
    await phone.sync()
    const a = await phone.create('accounts', { name: '离线客户', phone: '138 0013 8000', latitude: 31.2, longitude: 121.5 })
    const c = await phone.create('contacts', { name: '张三', account_id: a.id, email: 'zhang.san@weilai.example' })
    const o = await phone.create('opportunities', { name: '年度合同', account_id: a.id, amount_minor: 1234550, currency: 'CNY', close_on: '2027-03-31' })
    const v = await phone.create('activities', { kind: 'visit', subject: '拜访', status: 'done', starts_at: 1795940000000, account_id: a.id, contact_id: c.id, opportunity_id: o.id })
    await phone.sync()
    assert.equal(phone.attempts, 1)
    const stored = await api('rep', 'GET', `/v1/accounts/${a.id}`)
    assert.equal(stored.phones[0].e164, '+8613800138000')
    assert.equal((await api('rep', 'GET', `/v1/contacts/${c.id}`)).accounts[0].account_id, a.id)
    assert.deepEqual((await api('rep', 'GET', `/v1/opportunities/${o.id}`)).amount, { amount: '12345.50', currency: 'CNY' })
    assert.deepEqual((await api('rep', 'GET', `/v1/activities/${v.id}`)).account_ids, [a.id])
    const history = await api('rep', 'GET', `/v1/accounts/${a.id}/history`)
    assert.equal(history.data[0].channel, 'sync')
    await phone.sync()
    assert.equal((await phone.row('opportunities', o.id)).status, 'open')
    assert.ok((await phone.row('opportunities', o.id)).stage_id)
    assert.equal(phone.attempts, 1)
  },

  async 'edits of different fields on two sides both stay'() {
    const { id } = await account('rep', 'both sides', { industry: 'software' })
    const phone = phoneOf('rep')
    await phone.sync()
    await phone.update('accounts', id, { region: '华北' })
    await api('rep', 'PATCH', `/v1/accounts/${id}`, { industry: 'education' })
    await phone.settle()
    const stored = await api('rep', 'GET', `/v1/accounts/${id}`)
    assert.deepEqual([stored.region, stored.industry], ['华北', 'education'])
    const held = await phone.row('accounts', id)
    assert.deepEqual([held.region, held.industry, held._status], ['华北', 'education', 'synced'])
  },

  async 'of edits of the same field the phone has the last word'() {
    const { id } = await account('rep', 'same field')
    const phone = phoneOf('rep')
    await phone.sync()
    await phone.update('accounts', id, { region: 'from the phone' })
    await api('rep', 'PATCH', `/v1/accounts/${id}`, { region: 'from the office' })
    await phone.settle()
    assert.equal((await api('rep', 'GET', `/v1/accounts/${id}`)).region, 'from the phone')
  },

  async 'a change between pull and push is not overwritten unseen'() {
    const { id } = await account('rep', 'in between')
    const phone = phoneOf('rep')
    await phone.sync()
    const cursor = phone.pulled.timestamp
    await api('rep', 'PATCH', `/v1/accounts/${id}`, { region: 'office' })
    const answer = await fetch(`${url}/v1/sync/push?last_pulled_at=${cursor}`, {
      method: 'POST', headers: { authorization: `Bearer ${people.rep.token}` },
      body: JSON.stringify({ accounts: { created: [], updated: [{ id, name: 'phone' }], deleted: [] } }),
    })
    assert.equal(answer.status, 409)
    assert.deepEqual((await answer.json()).conflicts, { accounts: [id] })
    assert.equal((await api('rep', 'GET', `/v1/accounts/${id}`)).name, 'in between')
  },

  async 'what the office deleted goes from the phone, edited or not'() {
    const { id } = await account('rep', 'deleted in the office')
    const phone = phoneOf('rep')
    await phone.sync()
    await phone.update('accounts', id, { region: 'too late' })
    await api('rep', 'DELETE', `/v1/accounts/${id}`)
    await phone.settle()
    assert.equal(await phone.row('accounts', id), undefined)
  },

  async 'what the phone deletes goes, although the office edited it'() {
    const { id } = await account('rep', 'deleted on the phone')
    const phone = phoneOf('rep')
    await phone.sync()
    await phone.remove('accounts', id)
    await api('rep', 'PATCH', `/v1/accounts/${id}`, { region: 'edited' })
    await phone.settle()
    await assert.rejects(api('rep', 'GET', `/v1/accounts/${id}`), /404/)
    await phone.sync()
    assert.equal(await phone.row('accounts', id), undefined)
  },

  async 'what a phone made and deleted does not come back'() {
    const phone = phoneOf('rep')
    await phone.sync()
    const a = await phone.create('accounts', { name: 'made and deleted' })
    await phone.sync()
    await phone.remove('accounts', a.id)
    await phone.sync() // pulls its own creation, then pushes the deletion
    assert.equal(await phone.row('accounts', a.id), undefined)
    await assert.rejects(api('rep', 'GET', `/v1/accounts/${a.id}`), /404/)
    await phone.sync()
    assert.equal(await phone.row('accounts', a.id), undefined)
  },

  async 'a lost answer doubles nothing and costs nobody anything'() {
    const phone = phoneOf('rep')
    await phone.sync()
    const a = await phone.create('accounts', { name: 'lost answer', phone: '010-6554 4321' })
    phone.lost = true
    await assert.rejects(phone.sync(), /lost/)
    const before = await api('rep', 'GET', `/v1/accounts/${a.id}`)
    await phone.settle()
    const after = await api('rep', 'GET', `/v1/accounts/${a.id}`)
    assert.equal(after.version, before.version)
    assert.equal((await phone.row('accounts', a.id))._status, 'synced')
    assert.ok(!phone.answers.includes(409))
  },

  async 'two phones of one user hold the same'() {
    const one = phoneOf('rep')
    const two = phoneOf('rep')
    await one.sync()
    await two.sync()
    const a = await one.create('accounts', { name: 'on two phones' })
    await one.sync()
    await two.sync()
    assert.equal((await two.row('accounts', a.id)).name, 'on two phones')
    assert.ok(two.pulled.changes.accounts.created.some((row) => row.id === a.id))
    await two.update('accounts', a.id, { region: 'two' })
    await two.settle()
    await one.settle()
    assert.ok(one.pulled.changes.accounts.updated.some((row) => row.id === a.id))
    assert.equal((await one.row('accounts', a.id)).region, 'two')
  },

  async 'another owner takes a record from one phone and gives it to another'() {
    const { id } = await account('rep', 'changing hands')
    const [from, to] = [phoneOf('rep'), phoneOf('other')]
    await from.sync()
    await to.sync()
    await api('admin', 'PATCH', `/v1/accounts/${id}`, { owner_id: people.other.id })
    await from.sync()
    await to.sync()
    assert.equal(await from.row('accounts', id), undefined)
    assert.equal((await to.row('accounts', id)).name, 'changing hands')
    await api('admin', 'PATCH', `/v1/accounts/${id}`, { owner_id: people.rep.id })
    await from.sync()
    await to.sync()
    assert.equal((await from.row('accounts', id)).name, 'changing hands')
    assert.equal(await to.row('accounts', id), undefined)
  },

  async 'another territory changes what a phone holds, without any record being changed'() {
    const { id } = await account('admin', 'of the north', { team_id: world.teams.north, owner_id: people.admin.id })
    const phone = phoneOf('mover')
    await phone.sync()
    assert.equal(await phone.row('accounts', id), undefined)
    await api('admin', 'PATCH', `/v1/users/${people.mover.id}`, { team_ids: [world.teams.north] })
    await phone.sync()
    assert.equal((await phone.row('accounts', id)).name, 'of the north')
    await api('admin', 'PATCH', `/v1/users/${people.mover.id}`, { team_ids: [world.teams.south] })
    await phone.sync()
    assert.equal(await phone.row('accounts', id), undefined)
  },

  async 'a share brings a record and its end takes it away'() {
    const { id } = await account('other', 'shared for a while')
    const phone = phoneOf('rep')
    await phone.sync()
    const share = await api('admin', 'POST', '/v1/shares', { resource: 'accounts', record_id: id, user_id: people.rep.id, access: 'read' })
    await phone.sync()
    assert.equal((await phone.row('accounts', id)).name, 'shared for a while')
    await phone.update('accounts', id, { region: 'may only look' })
    await phone.sync()
    assert.equal((await phone.row('accounts', id))._status, 'updated') // refused, and still there
    assert.equal((await api('other', 'GET', `/v1/accounts/${id}`)).region, null)
    await api('admin', 'DELETE', `/v1/shares/${share.id}`)
    await phone.sync()
    assert.equal(await phone.row('accounts', id), undefined)
  },

  async 'a record that a rule refuses stays on the phone, the others go'() {
    const phone = phoneOf('rep')
    await phone.sync()
    const good = await phone.create('accounts', { name: 'good' })
    const bad = await phone.create('contacts', { name: 'of nowhere', account_id: uuidv7() })
    await phone.sync()
    assert.equal((await phone.row('accounts', good.id))._status, 'synced')
    assert.equal((await phone.row('contacts', bad.id))._status, 'created')
    await phone.update('contacts', bad.id, { account_id: good.id })
    await phone.settle()
    assert.equal((await phone.row('contacts', bad.id))._status, 'synced')
  },

  async 'a ticket and its words travel both ways, notes only to whoever may read them'() {
    const ticket = await api('admin', 'POST', '/v1/tickets', { subject: 'broken', assignee_id: people.rep.id })
    const phone = phoneOf('rep')
    await phone.sync()
    assert.equal((await phone.row('tickets', ticket.id)).number, ticket.number)
    const said = await phone.create('ticket_comments', { ticket_id: ticket.id, body: 'on my way', visibility: 'public' })
    await phone.sync()
    const stored = await api('admin', 'GET', `/v1/tickets/${ticket.id}/comments/${said.id}`)
    assert.equal(stored.author_id, people.rep.id)
    const reply = await api('admin', 'POST', `/v1/tickets/${ticket.id}/comments`, { body: 'thanks', visibility: 'internal' })
    await phone.sync()
    assert.equal((await phone.row('ticket_comments', reply.id)).body, 'thanks')
    await api('admin', 'PATCH', `/v1/tickets/${ticket.id}`, { assignee_id: people.admin.id })
    await phone.sync()
    assert.equal(await phone.row('tickets', ticket.id), undefined)
    assert.equal(await phone.row('ticket_comments', reply.id), undefined)
    await api('admin', 'PATCH', `/v1/tickets/${ticket.id}`, { assignee_id: people.rep.id })
    await phone.sync()
    assert.equal((await phone.row('ticket_comments', said.id)).body, 'on my way')
    assert.equal((await phone.row('ticket_comments', reply.id)).body, 'thanks')
  },

  async 'a new schema brings new tables and columns whole'() {
    const { id } = await account('rep', 'migrated', { industry: 'software' })
    const task = await api('rep', 'POST', '/v1/activities', { kind: 'task', subject: 'call back' })
    const LokiMemoryAdapter = require('lokijs').LokiMemoryAdapter
    const loki = { extraLokiOptions: { adapter: new LokiMemoryAdapter(), autosave: false } }
    const device = uuidv7()
    const old = new Phone({ url, loki }, people.rep.token, { tables: ['accounts', 'contacts'], left: { accounts: ['industry'] }, device })
    await old.sync()
    assert.equal((await old.row('accounts', id)).industry, undefined)
    await new Promise((done, failed) => old.database.adapter.underlyingAdapter._driver.loki.saveDatabase((e) => (e ? failed(e) : done())))
    const migrations = schemaMigrations({ migrations: [{ toVersion: 2, steps: [
      addColumns({ table: 'accounts', columns: columnsOf('accounts').filter((c) => c.name === 'industry') }),
      createTable({ name: 'activities', columns: columnsOf('activities') }),
    ] }] })
    const young = new Phone({ url, loki }, people.rep.token, { tables: ['accounts', 'contacts', 'activities'], version: 2, migrations, device })
    young.migrationsFrom = 1
    assert.equal((await young.row('accounts', id)).name, 'migrated')
    await young.sync()
    assert.equal((await young.row('accounts', id)).industry, 'software')
    assert.equal((await young.row('activities', task.id)).subject, 'call back')
  },

  async 'a cursor that nobody knows any more replaces what is stale and keeps what is not pushed'() {
    const { id } = await account('rep', 'still there')
    const gone = await account('rep', 'gone meanwhile')
    const phone = phoneOf('rep')
    await phone.sync()
    await phone.create('accounts', { name: 'not pushed yet' }, uuidv7())
    await api('rep', 'DELETE', `/v1/accounts/${gone.id}`)
    await phone.database.adapter.setLocal('__watermelon_last_pulled_at', '12345')
    await phone.sync()
    assert.equal(phone.pulled.experimentalStrategy, 'replacement')
    const names = [...(await phone.rows('accounts')).values()].map((row) => row.name)
    assert.ok(names.includes('still there') && names.includes('not pushed yet'))
    assert.equal(await phone.row('accounts', gone.id), undefined)
    assert.equal((await phone.row('accounts', id))._status, 'synced')
  },

  async 'four phones at random hold the same in the end, which is what the server holds'() {
    const random = generator(Number(process.env.GUANXI_SYNC_SEED || 20261129))
    const pick = (list) => list[Math.floor(random() * list.length)]
    const phones = Array.from({ length: 4 }, () => phoneOf('random'))
    for (const phone of phones) await phone.sync()
    for (let round = 0; round < 10; round += 1) {
      for (const phone of phones) {
        for (let n = 0; n < 5; n += 1) await something(phone, random, pick, round)
        if (random() < 0.15) phone.lost = true
      }
      // At once, so that they get into each other's way; what ran into a conflict or lost its answer goes on.
      await Promise.all(phones.map((phone) => phone.settle(2).catch((error) => {
        if (!/409|lost/.test(error.message)) throw error
      })))
    }
    for (const phone of phones) phone.lost = false
    for (let n = 0; n < 2; n += 1) for (const phone of phones) await phone.settle(6)
    const [first, ...rest] = await Promise.all(phones.map((phone) => phone.all()))
    assert.ok(Object.keys(first).length > 10)
    for (const other of rest) assert.deepEqual(other, first)
    const fresh = phoneOf('random')
    await fresh.sync()
    assert.deepEqual(await fresh.all(), first)
    return { pushes: phones.reduce((n, p) => n + p.attempts, 0), conflicts: phones.flatMap((p) => p.answers).filter((s) => s === 409).length }
  },
}

async function something(phone, random, pick, round) {
  const accounts = [...(await phone.rows('accounts')).keys()]
  const contacts = [...(await phone.rows('contacts')).keys()]
  const dice = random()
  if (dice < 0.3 || !accounts.length) await phone.create('accounts', { name: `random ${round} ${random()}` })
  else if (dice < 0.45) await phone.create('contacts', { name: `person ${random()}`, account_id: pick(accounts) })
  else if (dice < 0.7) await phone.update('accounts', pick(accounts), { [pick(['region', 'industry', 'name'])]: `edit ${random()}` })
  else if (dice < 0.85 && contacts.length) await phone.update('contacts', pick(contacts), { title: `title ${random()}` })
  else if (dice < 0.93 && contacts.length) await phone.remove('contacts', pick(contacts))
  else if (dice > 0.95) await phone.remove('accounts', pick(accounts))
}

function generator(seed) {
  let state = seed
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296
    return state / 4294967296
  }
}

async function run() {
  const only = process.argv[2]
  for (const [name, scenario] of Object.entries(scenarios)) {
    if (only && !name.includes(only)) continue
    const started = Date.now()
    let told = {}
    try {
      told = { ok: true, figures: await scenario() }
    } catch (error) {
      told = { ok: false, error: String(error.stack || error).slice(0, 4000) }
    }
    process.stdout.write(`${JSON.stringify({ name, ms: Date.now() - started, ...told })}\n`)
  }
}

if (process.argv[2] === '--list') process.stdout.write(JSON.stringify(Object.keys(scenarios)))
else run().then(() => process.exit(0))
