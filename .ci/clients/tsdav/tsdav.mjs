// tsdav against CLIENT_URL, in a calendar named by the argument.
import assert from 'node:assert/strict'
import { createDAVClient, DAVNamespaceShort } from 'tsdav'

const name = process.argv[2]
const step = (text) => console.log('--', text)
const component = (kind, uid, ...lines) =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//example//clients//EN', `BEGIN:${kind}`, `UID:${uid}-${name}`, 'DTSTAMP:20261101T120000Z', ...lines, `END:${kind}`, 'END:VCALENDAR', ''].join('\r\n')
const summaries = (objects) =>
  objects.flatMap((o) => [...o.data.matchAll(/^SUMMARY:(.*?)\r?$/gm)].map((m) => m[1])).sort()
const put = async (answer, status) => assert.equal((await answer).status, status)

step('account and calendars')
const client = await createDAVClient({
  serverUrl: process.env.CLIENT_URL,
  credentials: { username: process.env.CLIENT_USER, password: process.env.CLIENT_PASSWORD },
  authMethod: 'Basic',
  defaultAccountType: 'caldav',
})
const account = await client.createAccount({
  account: { serverUrl: process.env.CLIENT_URL, accountType: 'caldav' },
  loadCollections: true,
})
assert.ok(account.principalUrl && account.homeUrl)
const listed = account.calendars
const tasks = listed.find((c) => c.url.endsWith('/tasks/'))
assert.deepEqual(tasks.components, ['VTODO'])
assert.ok(listed.find((c) => c.url.endsWith('/calendar/')).components.includes('VEVENT'))
assert.ok(tasks.reports.includes('syncCollection'), 'sync-collection is not among the reports')
assert.ok((await client.fetchCalendarUserAddresses({ account })).length > 0)

step('a calendar of its own')
const url = new URL(`${name}/`, account.homeUrl).href
const [made] = await client.makeCalendar({
  url,
  props: { [`${DAVNamespaceShort.DAV}:displayname`]: 'Käse & Brot', [`${DAVNamespaceShort.CALDAV}:calendar-description`]: 'für 東京' },
})
assert.equal(made.status, 201)
let calendar = (await client.fetchCalendars({ account })).find((c) => c.url === url)
assert.equal(calendar.displayName, 'Käse & Brot')
assert.equal(calendar.description, 'für 東京')

step('objects')
const one = component('VEVENT', 'one', 'DTSTART:20270302T100000Z', 'DTEND:20270302T110000Z', 'SUMMARY:Zahnärztin 🦷')
const weekly = component('VEVENT', 'weekly', 'DTSTART;TZID=Europe/Berlin:20270304T193000', 'DURATION:PT2H', 'RRULE:FREQ=WEEKLY', 'EXDATE;TZID=Europe/Berlin:20270311T193000', 'SUMMARY:Chor')
await put(client.createCalendarObject({ calendar, filename: 'one ü.ics', iCalString: one }), 201)
await put(client.createCalendarObject({ calendar, filename: 'one ü.ics', iCalString: one }), 412)
await put(client.createCalendarObject({ calendar, filename: 'weekly.ics', iCalString: weekly }), 201)
await put(client.createCalendarObject({ calendar, filename: 'bad.ics', iCalString: 'nothing' }), 403)
let objects = await client.fetchCalendarObjects({ calendar })
assert.deepEqual(summaries(objects), ['Chor', 'Zahnärztin 🦷'])
assert.ok(objects.some((o) => o.data === one.trim()), 'an object is not what was sent') // tsdav trims it
const local = { ...calendar, objects }

step('time ranges')
const march = { start: '2027-03-01T00:00:00Z', end: '2027-03-26T00:00:00Z' }
const ranged = (timeRange, expand = false) => client.fetchCalendarObjects({ calendar, timeRange, expand })
assert.deepEqual(summaries(await ranged({ start: '2027-03-11T00:00:00Z', end: '2027-03-12T00:00:00Z' })), [])
assert.deepEqual(summaries(await ranged({ start: '2051-03-01T00:00:00Z', end: '2051-03-08T00:00:00Z' })), ['Chor'])
const expanded = await ranged(march, true)
assert.deepEqual(summaries(expanded), ['Chor', 'Chor', 'Chor', 'Zahnärztin 🦷'])
const starts = expanded.flatMap((o) => [...o.data.matchAll(/^DTSTART[^:]*:(\S*)/gm)].map((m) => m[1])).sort()
assert.deepEqual(starts, ['20270302T100000Z', '20270304T183000Z', '20270318T183000Z', '20270325T183000Z'])

step('free and busy')
const busy = await client.freeBusyQuery({ url, timeRange: march })
assert.match(JSON.stringify(busy), /BEGIN:VFREEBUSY[^]*20270302T100000Z/)

step('change, delete, sync')
const find = (text) => objects.find((o) => o.data.includes(text))
const stale = { ...find('Zahnärztin') }
await put(client.updateCalendarObject({ calendarObject: { ...stale, data: one.replace('Zahnärztin', 'Kino') } }), 204)
await put(client.updateCalendarObject({ calendarObject: { ...stale, data: one } }), 412)
await put(client.deleteCalendarObject({ calendarObject: stale }), 412)
await put(client.deleteCalendarObject({ calendarObject: find('Chor') }), 204)
await put(client.createCalendarObject({ calendar, filename: 'new.ics', iCalString: component('VEVENT', 'new', 'DTSTART:20270305T100000Z', 'SUMMARY:Neu') }), 201)
for (const method of ['webdav', 'basic']) {
  const collection = {
    ...local,
    objectMultiGet: client.calendarMultiGet,
    fetchObjects: ({ collection }) => client.fetchCalendarObjects({ calendar: collection }),
  }
  const result = await client.smartCollectionSync({ collection, method, detailedResult: true, account })
  assert.deepEqual(summaries(result.objects.created), ['Neu'], method)
  assert.deepEqual(summaries(result.objects.updated), ['Kino 🦷'], method)
  assert.deepEqual(result.objects.deleted.map((o) => o.url), [find('Chor').url], method)
  const again = await client.smartCollectionSync({ collection: { ...collection, ...result, objects: [...result.objects.created, ...result.objects.updated] }, method, detailedResult: true, account })
  for (const kind of ['created', 'updated', 'deleted']) assert.deepEqual(again.objects[kind], [], `${method}, again, ${kind}`)
}

step('all calendars')
const other = new URL(`${name}-other/`, account.homeUrl).href
await client.makeCalendar({ url: other, props: {} })
let calendars = await client.syncCalendars({ oldCalendars: [...listed, local], account, detailedResult: true })
assert.deepEqual(calendars.created.map((c) => c.url), [other])
assert.deepEqual(calendars.deleted, [])
calendar = calendars.updated.find((c) => c.url === url)
assert.deepEqual(summaries(calendar.objects), ['Kino 🦷', 'Neu'])
await client.deleteObject({ url: other })
calendars = await client.syncCalendars({ oldCalendars: [...listed, { ...calendar, url: other }], account, detailedResult: true })
assert.deepEqual(calendars.deleted.map((c) => c.url), [other])

step('tasks')
await put(client.createCalendarObject({ calendar: tasks, filename: `${name}.ics`, iCalString: one }), 403)
await put(client.createCalendarObject({ calendar: tasks, filename: `${name}.ics`, iCalString: component('VTODO', 'todo', 'SUMMARY:Steuer') }), 201)
const todo = await client.fetchCalendarObjects({
  calendar: tasks,
  filters: { 'comp-filter': { _attributes: { name: 'VCALENDAR' }, 'comp-filter': { _attributes: { name: 'VTODO' } } } },
})
const mine = todo.find((o) => o.url.includes(name))
assert.deepEqual(summaries([mine]), ['Steuer'])
await put(client.deleteCalendarObject({ calendarObject: mine }), 204)
await put(client.deleteObject({ url }), 204)
