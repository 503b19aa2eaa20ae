import type { ProcessRow } from '@foreman/store'
import { expect, test } from 'vitest'
import type { Facts } from '../facts.ts'
import { findingsOf } from './all.ts'

const NOW = Date.UTC(2030, 0, 31)
const GB = 1024 ** 3

const figures = { version: '1.0.0', residentBytes: 1, cpuMs: 1, loopLagMs: 1, settings: '' }
const worker: ProcessRow = {
  kind: 'worker',
  id: 'w',
  pid: 7,
  active: true,
  startedAt: 0,
  heartbeatAt: NOW,
  figures,
}
const gatewayRow: ProcessRow = { ...worker, kind: 'gateway', id: 'g', pid: null }

/** An installation in which nothing is wrong, and of which all is known. */
const well = {
  now: NOW,
  node: '24.1.0',
  version: '1.0.0',
  settings: {
    problem: undefined,
    shown: [],
    isOpenToOthers: false,
    hasTokens: true,
    callers: 2,
    hasOperator: true,
    allowsAllOrigins: false,
    hasWebhookSecret: true,
    minFreeBytes: GB,
  },
  store: {
    file: '/data/foreman.db',
    fileSystem: 'ext4',
    freeBytes: 10 * GB,
    flushMs: [0.5, 1, 3],
    layout: 'current',
    damage: 'ok',
    mode: 0o600,
    isOwn: true,
    isWritable: true,
    fileBytes: 1,
    walBytes: 1,
    isWorkerLocked: true,
    content: {
      processes: [gatewayRow, worker],
      foreignLoads: 0,
      loads: 3,
      pendingWebhooks: 2,
      deadWebhooks: 0,
    },
  },
  gateway: { url: 'http://127.0.0.1:8080', state: 'foreman', reasons: [], aheadMs: 300, isRefused: false },
  system: {
    processes: [],
    settings: [],
    storage: { schema: '1', file_bytes: 1, used_bytes: 1, wal_bytes: 1, disk_free_bytes: 1 },
    target: { name: 'default', url: 'http://o' },
  },
  target: { url: 'http://o', state: 'ollama', version: '0.24.0', models: 3, aheadMs: -400 },
  lostReceivers: [],
  generated: { model: 'm', tookMs: 900 },
  through: {
    url: 'https://f',
    isForeman: true,
    stream: 'comes',
    bodyBytes: 4_000_000,
    isBodyTaken: true,
    isHostKept: true,
  },
} as const satisfies Facts

const store = (change: Partial<NonNullable<Facts['store']>>): Facts => ({
  ...well,
  store: { ...well.store, ...change },
})
const content = (change: object): Facts => store({ content: { ...well.store.content, ...change } })
const settings = (change: Partial<NonNullable<Facts['settings']>>): Facts => ({
  ...well,
  settings: { ...well.settings, ...change },
})
const gateway = (change: Partial<Facts['gateway']>): Facts => ({
  ...well,
  gateway: { ...well.gateway, ...change },
})
const target = (change: Partial<NonNullable<Facts['target']>>): Facts => ({
  ...well,
  target: { ...well.target, ...change },
})
const through = (change: Partial<NonNullable<Facts['through']>>): Facts => ({
  ...well,
  through: { ...well.through, ...change },
})
const withoutHeartbeat = [gatewayRow, { ...worker, heartbeatAt: NOW - 60_000 }]

const wrongIn = (facts: Facts) =>
  findingsOf(facts).filter(({ verdict }) => verdict === 'warn' || verdict === 'fail')

test('a healthy installation has no finding, and nothing of it is skipped', () => {
  expect(findingsOf(well).filter(({ verdict }) => verdict !== 'ok')).toEqual([])
})

test.each<[fault: string, facts: Facts, check: string, verdict: 'warn' | 'fail', remedy: RegExp]>([
  ['Node is too old', { ...well, node: '22.17.3' }, 'node', 'fail', /install Node 22\.18/],
  ['a setting cannot be used', settings({ problem: 'FOREMAN_ADDR is "x"' }), 'settings', 'fail', /\.env/],
  [
    'the queue is on a network file system',
    store({ fileSystem: 'nfs4' }),
    'file system',
    'fail',
    /local disk/,
  ],
  ['the queue is on FUSE', store({ fileSystem: 'fuse.sshfs' }), 'file system', 'fail', /named volume/],
  ['the disk is full', store({ freeBytes: GB / 2 }), 'room', 'fail', /free some space/],
  ['the disk is nearly full', store({ freeBytes: 1.5 * GB }), 'room', 'warn', /free some space/],
  ['the disk is slow', store({ flushMs: [10, 80, 900] }), 'disk speed', 'warn', /faster disk/],
  [
    'the log is pinned',
    store({ walBytes: GB }),
    'write-ahead log',
    'warn',
    /shells with an open transaction/,
  ],
  ['the clock of the target is off', target({ aheadMs: -90_000 }), 'clock', 'warn', /NTP/],
  ['the clock of the gateway is off', gateway({ aheadMs: 90_000 }), 'clock', 'warn', /NTP/],
  ['there is no queue', store({ layout: 'none', content: undefined }), 'queue', 'fail', /foreman start/],
  [
    'the file cannot be read',
    store({ layout: 'unreadable', problem: 'not a database', content: undefined }),
    'queue',
    'fail',
    /foreman restore/,
  ],
  [
    'the file is one of another program',
    store({ layout: 'foreign', content: undefined }),
    'queue',
    'fail',
    /FOREMAN_DB_PATH/,
  ],
  ['the file is newer', store({ layout: 'newer', content: undefined }), 'queue', 'fail', /newer foreman/],
  ['the file is older', store({ layout: 'older', content: undefined }), 'queue', 'warn', /migrates/],
  ['the file is damaged', store({ damage: 'row 7 missing' }), 'damage', 'fail', /foreman restore/],
  ['the file is read-only', store({ isWritable: false }), 'writable', 'fail', /chown/],
  ['others can read the file', store({ mode: 0o644 }), 'privacy', 'warn', /chmod 600 \/data\/foreman\.db/],
  [
    'there is no gateway',
    gateway({ state: 'unreachable', problem: 'ECONNREFUSED' }),
    'gateway',
    'fail',
    /foreman gateway/,
  ],
  [
    'the port is taken',
    gateway({ state: 'other', problem: '/healthz is answered with 404' }),
    'gateway',
    'fail',
    /FOREMAN_ADDR/,
  ],
  ['the token is refused', gateway({ isRefused: true }), 'gateway', 'warn', /FOREMAN_OPERATOR_TOKEN/],
  [
    'there is no worker',
    store({ isWorkerLocked: false, content: { ...well.store.content, processes: [gatewayRow] } }),
    'worker',
    'fail',
    /foreman worker/,
  ],
  ['the worker hangs', content({ processes: withoutHeartbeat }), 'worker', 'fail', /kill -9 7/],
  ['locks do not work', store({ isWorkerLocked: false }), 'locks', 'fail', /local disk/],
  [
    'the gateway has seen that locks do not work',
    gateway({ reasons: ['file_locks_do_not_work'] }),
    'locks',
    'fail',
    /named volume/,
  ],
  [
    'the versions differ',
    content({ processes: [gatewayRow, { ...worker, figures: { ...figures, version: '0.9.0' } }] }),
    'versions',
    'warn',
    /one version/,
  ],
  [
    'the settings have drifted',
    {
      ...well,
      system: {
        ...well.system,
        processes: [{ kind: 'worker', id: 'w', differing_settings: ['FOREMAN_JOB_TTL'] }],
      },
    },
    'shared settings',
    'fail',
    /both the same/,
  ],
  [
    'another reason of /healthz',
    gateway({ reasons: ['queue_replaced'] }),
    'health',
    'fail',
    /operations\.md/,
  ],
  [
    'the target is away',
    target({ state: 'unreachable', problem: 'ECONNREFUSED' }),
    'target',
    'fail',
    /start Ollama/,
  ],
  [
    'the token of the target is wrong',
    target({ state: 'refused', problem: 'status 401' }),
    'target',
    'fail',
    /FOREMAN_OLLAMA_TOKEN/,
  ],
  [
    'the target is no Ollama',
    target({ state: 'other', problem: 'status 404' }),
    'target',
    'fail',
    /FOREMAN_OLLAMA_URL/,
  ],
  [
    'the target is foreman itself',
    gateway({ reasons: ['target_is_foreman'] }),
    'target',
    'fail',
    /FOREMAN_OLLAMA_URL/,
  ],
  ['the target has no models', target({ models: 0 }), 'models', 'warn', /ollama pull/],
  ['others load models', content({ foreignLoads: 4 }), 'passers-by', 'warn', /through foreman/],
  [
    'the runner is stuck',
    { ...well, generated: { model: 'm', tookMs: undefined, problem: 'no answer' } },
    'generation',
    'fail',
    /Ollama's log/,
  ],
  [
    'the public address leads elsewhere',
    through({ isForeman: false, problem: 'status 502' }),
    'public address',
    'fail',
    /proxy pass/,
  ],
  ['a proxy buffers', through({ stream: 'held_back' }), 'buffering', 'fail', /proxy_buffering off/],
  [
    'a proxy cuts silence',
    through({ stream: 'cut', cutAfterMs: 5_000 }),
    'silence',
    'fail',
    /proxy_read_timeout/,
  ],
  ['a proxy limits bodies', through({ isBodyTaken: false }), 'body size', 'fail', /client_max_body_size/],
  [
    'a proxy does not pass the Host on',
    through({ isHostKept: false }),
    'host',
    'warn',
    /proxy_set_header Host/,
  ],
  [
    'anybody may call from anywhere',
    settings({ isOpenToOthers: true, hasTokens: false, callers: 0 }),
    'open door',
    'warn',
    /FOREMAN_TOKEN/,
  ],
  [
    'of several callers nobody is an operator',
    settings({ hasOperator: false }),
    'operators',
    'warn',
    /FOREMAN_OPERATOR_TOKEN/,
  ],
  [
    'every page may call',
    settings({ allowsAllOrigins: true, hasTokens: false }),
    'web pages',
    'fail',
    /FOREMAN_ORIGINS/,
  ],
  [
    'webhooks wait and there is no secret',
    settings({ hasWebhookSecret: false }),
    'webhook secret',
    'fail',
    /FOREMAN_WEBHOOK_SECRET/,
  ],
  ['a receiver cannot be found', { ...well, lostReceivers: ['hooks.invalid'] }, 'receivers', 'warn', /names/],
  ['webhooks were given up', content({ deadWebhooks: 9 }), 'dead webhooks', 'warn', /webhook resend/],
])('%s: one finding says so, with its remedy', (_, facts, check, verdict, remedy) => {
  expect(wrongIn(facts)).toEqual([
    { check, verdict, text: expect.any(String) as string, remedy: expect.stringMatching(remedy) as string },
  ])
})

test('sizes are in the units of the settings', () => {
  const facts = {
    ...settings({ minFreeBytes: 512_000_000 }),
    store: { ...well.store, freeBytes: 300_000_000 },
  }
  expect(wrongIn(facts).map(({ text }) => text)).toEqual([
    '300 MB are free, less than FOREMAN_MIN_FREE (512 MB): jobs are refused',
  ])
})

test('of a foreman elsewhere, without a token, most is skipped and nothing is wrong but that', () => {
  const elsewhere: Facts = {
    ...gateway({ isRefused: true }),
    settings: undefined,
    store: undefined,
    system: undefined,
    target: undefined,
    lostReceivers: undefined,
    generated: undefined,
    through: undefined,
  }
  expect(wrongIn(elsewhere).map(({ check }) => check)).toEqual(['gateway'])
})
