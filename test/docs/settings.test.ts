import { ensureConsistent, gatewaySettings } from '@foreman/gateway/settings'
import {
  describeSettings,
  ensureKnown,
  type Environment,
  FOREMAN_VARIABLES,
  readSettings,
  SettingError,
  type SettingTable,
  type SettingValues,
} from '@foreman/process'
import { workerSettings } from '@foreman/worker/settings'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { read as readDocument, rows } from '../harness/documents.ts'
import { temporaryDirectory } from '../harness/foreman.ts'
import { root, startProcess } from '../harness/processes.ts'

const apps = { gateway: gatewaySettings, worker: workerSettings }
const all = { ...workerSettings, ...gatewaySettings }
const OLLAMA_URL = { FOREMAN_OLLAMA_URL: 'http://127.0.0.1:9' }

const readWith = <const Table extends SettingTable>(table: Table, env: Environment): SettingValues<Table> => {
  const given = { ...OLLAMA_URL, ...env }
  ensureKnown(given, table)
  return readSettings(table, { command: 'test', summary: '', argv: [], env: given })
}

/** Whether each entry of a list allows what it names. The values of these two settings can only be asked. */
const allowsAll: Readonly<Record<string, (text: string) => boolean>> = {
  FOREMAN_ORIGINS: text => {
    const { origins } = readWith(gatewaySettings, { FOREMAN_ORIGINS: text })
    const named = text.split(',').map(entry => entry.trim().replace('*', 'x'))
    return origins.any || named.every(entry => origins.allows(new URL(entry).origin))
  },
  FOREMAN_WEBHOOK_ALLOW: text => {
    const { webhookAllow } = readWith(gatewaySettings, { FOREMAN_WEBHOOK_ALLOW: text })
    return text.split(/[\s,]+/).every(entry => {
      const [, host = '', port = '443'] = /^\[?(.+?)\]?(?::(\d+))?$/.exec(entry) ?? []
      return webhookAllow.allowsHost(host, Number(port)) || webhookAllow.allowsAddress(host, Number(port))
    })
  },
}

/** What a process does with a value: it refuses it in one line that names the setting, or does something else with it. */
const effectOf = (name: string, text: string): 'refused' | 'acts' | 'nothing' => {
  const { key, default: fallback = '' } = describeSettings(all).find(({ env }) => env === name)!
  const valueOf = (env: Environment) => (readWith(all, env) as Record<string, unknown>)[key]
  try {
    const value = valueOf({ [name]: text })
    const isOther = text !== fallback && JSON.stringify(value) !== JSON.stringify(valueOf({}))
    return (allowsAll[name]?.(text) ?? (isOther || text === fallback)) ? 'acts' : 'nothing'
  } catch (error) {
    if (!(error instanceof SettingError)) throw error
    expect(error.message).toMatch(new RegExp(`^${name} is [^\n]*: it must be [^\n]+$`))
    return 'refused'
  }
}

test('the names that every process knows are those of the tables', () => {
  expect(
    describeSettings(all)
      .map(({ env }) => env)
      .toSorted(),
  ).toEqual([...FOREMAN_VARIABLES])
})

describe.each(Object.entries(apps))('the %s', (_app, table) => {
  test.each([...FOREMAN_VARIABLES])('does not start with a misspelt %s', name => {
    const spellings = [name.slice(0, -1), `${name}X`, name.replace('FOREMAN_', 'FORMAN_'), name.toLowerCase()]
    for (const misspelt of spellings.filter(each => !FOREMAN_VARIABLES.some(known => known === each)))
      expect(() => readWith(table, { [misspelt]: '1' })).toThrow(`${misspelt} is no setting`)
  })
})

/** The examples of docs/configuration.md: what is in code in the row of a setting, and in the forms of its kind. */
const document = readDocument('docs/configuration.md')
const codeIn = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code!)
const formsOf = (kind: string): string[] =>
  codeIn(new RegExp(`\\*\\*${kind}\\*\\*: ([^*]+)`).exec(document)![1]!)
const FORMS = ['Durations', 'Sizes', 'Addresses'].flatMap(formsOf)

const examples = rows(document).map(
  ([name = '', _flag, fallback = '', _process, meaning = '']) =>
    [codeIn(name)[0]!, [...codeIn(fallback), ...codeIn(meaning), ...FORMS]] as const,
)

test.each(examples)('each example of docs/configuration.md is refused as %s, or acts', (name, texts) => {
  expect(texts.filter(text => effectOf(name, text) === 'nothing')).toEqual([])
})

test.each<[name: string, text: string]>([
  ['FOREMAN_TOKEN', 'secret'],
  ['FOREMAN_TOKEN', 'two words'],
  ['FOREMAN_TOKENS', 'ann:token,bob:token2'],
  ['FOREMAN_DOORS', 'ann=127.0.0.1:8081, bob=[::1]:8081'],
  ['FOREMAN_OLLAMA_TOKEN', 'a-b_c.d~e+f/g='],
  ['FOREMAN_SHOW_WAIT', 'status'],
  ['FOREMAN_ORIGINS', 'https://chat.example.org,https://*.example.com'],
  ['FOREMAN_ORIGINS', 'https://chat.example.org/, https://b.example.org:443'],
  ['FOREMAN_WEBHOOK_SECRET', 'whsec_a2V5 other'],
  ['FOREMAN_WEBHOOK_ALLOW', 'hooks.internal:8443,10.0.0.5:9000,[::1]:9000'],
  ['FOREMAN_EMBED_MODEL', 'nomic-embed-text:v1.5'],
  ['FOREMAN_SHUTDOWN_GRACE', '0'],
  ['FOREMAN_SYNC_TTL', '0'],
  ['FOREMAN_MIN_FREE', '0'],
  ['FOREMAN_METRICS', 'open'],
  ['FOREMAN_DASHBOARD', 'read-only'],
])('%s=%s acts', (name, text) => {
  expect(effectOf(name, text)).toBe('acts')
})

test.each<[name: string, text: string]>([
  ['FOREMAN_TOKEN', 'naïve'],
  ['FOREMAN_TOKEN', '\ufeffsecret'],
  ['FOREMAN_TOKEN', 'secret '],
  ['FOREMAN_TOKEN', ' secret'],
  ['FOREMAN_TOKEN', 'secret\n'],
  ['FOREMAN_TOKEN', '"secret"'],
  ['FOREMAN_TOKEN', "'secret'"],
  ['FOREMAN_OLLAMA_TOKEN', 'naïve🙂'],
  ['FOREMAN_TOKENS', ','],
  ['FOREMAN_TOKENS', 'secret'],
  ['FOREMAN_TOKENS', 'ann:a;bob:b'],
  ['FOREMAN_TOKENS', 'ann:naïve'],
  ['FOREMAN_TOKENS', 'ann:"a"'],
  ['FOREMAN_TOKENS', '"ann:a,bob:b"'],
  ['FOREMAN_DOORS', ','],
  ['FOREMAN_DOORS', 'ann:127.0.0.1:8081'],
  ['FOREMAN_DOORS', 'ann=:8081'],
  ['FOREMAN_DOORS', 'ann=0.0.0.0:8081'],
  ['FOREMAN_DOORS', 'ann=[::]:8081'],
  ['FOREMAN_DOORS', '"ann=127.0.0.1:8081"'],
  ['FOREMAN_ORIGINS', 'chat.example.org'],
  ['FOREMAN_ORIGINS', 'https://chat.example.org/app'],
  ['FOREMAN_ORIGINS', 'https://a.example.org,"https://b.example.org"'],
  ['FOREMAN_ORIGINS', 'https://a.example.org;https://b.example.org'],
  ['FOREMAN_OLLAMA_URL', 'http://ann:secret@127.0.0.1:11434'],
  ['FOREMAN_OLLAMA_URL', 'http://127.0.0.1:11434?x=1'],
  ['FOREMAN_OLLAMA_URL', 'http://127.0.0.1:11434#x'],
  ['FOREMAN_OLLAMA_URL', 'http://127.0.0.1:0'],
  ['FOREMAN_OLLAMA_URL', '"http://127.0.0.1:11434"'],
  ['FOREMAN_PUBLIC_URL', 'foreman.example.org'],
  ['FOREMAN_DB_PATH', '"foreman.db"'],
  ['FOREMAN_DB_PATH', 'foreman.db '],
  ['FOREMAN_EMBED_MODEL', 'no model'],
  ['FOREMAN_EMBED_MODEL', '"embed"'],
  ['FOREMAN_EMBED_MODEL', 'embed:cloud'],
  ['FOREMAN_WEBHOOK_SECRET', '"whsec_a2V5"'],
  ['FOREMAN_WEBHOOK_SECRET', 'WHSEC_a2V5'],
  ['FOREMAN_WEBHOOK_SECRET', ' '],
  ['FOREMAN_WEBHOOK_ALLOW', 'https://hooks.internal'],
  ['FOREMAN_WEBHOOK_ALLOW', '*.internal'],
  ['FOREMAN_WEBHOOK_ALLOW', '"hooks.internal"'],
  ['FOREMAN_WEBHOOK_ALLOW', 'hooks.internal;other.internal'],
  ['FOREMAN_WEBHOOK_CA', '/does/not/exist.pem'],
  ['FOREMAN_HEARTBEAT', '0'],
  ['FOREMAN_HOLD', '0s'],
  ['FOREMAN_CALLER_STALL', '0'],
  ['FOREMAN_MAX_WAIT', '0'],
  ['FOREMAN_MAX_WAIT_LOW', '0'],
  ['FOREMAN_EXPECT', 'ON'],
  ['FOREMAN_HISTORY', '0'],
  ['FOREMAN_FAIR_HALFLIFE', 'never'],
  ['FOREMAN_SHARE_BY', 'address'],
  ['FOREMAN_TRUST_PROXY', 'yes'],
  ['FOREMAN_SHOW_WAIT', 'on'],
  ['FOREMAN_SHOW_WAIT', '"ann=status"'],
  ['FOREMAN_JOB_TIMEOUT', '0'],
  ['FOREMAN_STALL', '0'],
  ['FOREMAN_POLL_INTERVAL', '0'],
  ['FOREMAN_JOB_TTL', '0'],
  ['FOREMAN_MAX_DB_SIZE', '0'],
  ['FOREMAN_MAX_BODY', '0'],
  ['FOREMAN_MAX_BATCH', '0'],
  ['FOREMAN_MAX_QUEUED', '0'],
  ['FOREMAN_MAX_QUEUED_JOBS', '0'],
  ['FOREMAN_CONCURRENCY', '0'],
  ['FOREMAN_MAX_ATTEMPTS', '0'],
  ['FOREMAN_MANAGEMENT', 'OFF'],
  ['FOREMAN_METRICS', 'on'],
  ['FOREMAN_DASHBOARD', 'readonly'],
  ['FOREMAN_LOG_LEVEL', 'INFO'],
  ['FOREMAN_ADDR', '8080'],
])('%s=%s is refused', (name, text) => {
  expect(effectOf(name, text)).toBe('refused')
})

test.each(['gateway', 'start'])('foreman %s --help works all the same', async command => {
  const help = startProcess('apps/cli/src/main.ts', { FOREMAN_TOKE: 'hush' }, [command, '--help'])
  expect(await help.ended).toBe(0)
  expect(help.output()).toContain('--token')
})

test('one token for two callers is refused', () => {
  const config = readSettings(gatewaySettings, {
    command: 'test',
    summary: '',
    argv: [],
    env: { ...OLLAMA_URL, FOREMAN_TOKEN: 'a', FOREMAN_TOKENS: 'ann:a' },
  })
  expect(() => ensureConsistent(config)).toThrow(SettingError)
})

test.each([
  ['gateway', 'FOREMAN_TOKE=hush\n', 'FOREMAN_TOKE is no setting; the nearest one is FOREMAN_TOKEN'],
  [
    'gateway',
    'FOREMAN_TOKEN=hush\nFOREMAN_TOKENS=ann:a\nFOREMAN_SHOW_WAIT=ann=status,bob=off\n',
    'FOREMAN_SHOW_WAIT names bob, which is no caller: the callers are default, ann',
  ],
  ['worker', 'FOREMAN_TOKEN: hush\n', '.env, line 1: it must be NAME=value, a comment or blank'],
  [
    'start',
    Buffer.from('FOREMAN_TOKEN=hush', 'utf16le'),
    '.env is in UTF-16, not in UTF-8: save it as UTF-8',
  ],
])('foreman %s exits with 2 and one line for a .env that would not act', (command, envFile, line) => {
  const cwd = temporaryDirectory()
  fs.writeFileSync(path.join(cwd, '.env'), envFile)
  const env = { PATH: process.env['PATH'], ...OLLAMA_URL }
  const args = ['-C', '@foreman/source', path.join(root, 'apps/cli/src/main.ts'), command]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, env, timeout: 30_000 })
  expect([status, `${String(stdout)}${String(stderr)}`]).toEqual([2, `${line}\n`])
})
