import { expect, expectTypeOf, test } from 'vitest'
import {
  type Address,
  describeSettings,
  type Environment,
  flagsAsEnvironment,
  HelpShown,
  readAndShow,
  readSettings,
  setting,
  SettingError,
} from '../index.ts'

const table = {
  addr: setting.address({ env: 'X_ADDR', default: ':8080', describe: 'where to listen' }),
  pollInterval: setting.duration({
    env: 'X_POLL_INTERVAL',
    default: '30s',
    describe: 'how often',
    min: '1s',
  }),
  grace: setting.duration({ env: 'X_GRACE', default: '0s', describe: 'how long', min: '0s', max: '1h' }),
  maxBody: setting.size({ env: 'X_MAX_BODY', default: '100MB', describe: 'largest body', max: '900MB' }),
  maxDbSize: setting.size({ env: 'X_MAX_DB_SIZE', optional: true, describe: 'largest file' }),
  targetUrl: setting.url({ env: 'X_TARGET_URL', describe: 'the target' }),
  token: setting.text({ env: 'X_TOKEN', secret: true, optional: true, describe: 'what callers show' }),
  concurrency: setting.integer({ env: 'X_CONCURRENCY', default: '1', describe: 'at once', min: 1, max: 64 }),
  management: setting.choice({
    env: 'X_MANAGEMENT',
    default: 'on',
    choices: ['on', 'off'],
    describe: 'allowed?',
  }),
}

const named = { command: 'npm run x --', summary: 'Does x.' }
const target = '--target-url=http://127.0.0.1:1'
const read = (argv: string[], env: Environment = {}) => readSettings(table, { ...named, argv, env })

const thrown = (argv: string[], env?: Environment): Error => {
  try {
    read(argv, env)
  } catch (error) {
    return error as Error
  }
  throw new Error(`nothing was thrown for ${argv.join(' ')}`)
}

test('defaults, environment and flags become one object with typed values', () => {
  const values = read([target, '--max-body', '2MB', '--management=off'], {
    X_POLL_INTERVAL: '1h30m',
    X_ADDR: '[::1]:0',
  })
  expect(values).toEqual({
    addr: { host: '::1', port: 0 },
    pollInterval: 5_400_000,
    grace: 0,
    maxBody: 2_000_000,
    maxDbSize: undefined,
    targetUrl: 'http://127.0.0.1:1',
    token: undefined,
    concurrency: 1,
    management: 'off',
  })
  expectTypeOf(values).toEqualTypeOf<{
    addr: Address
    pollInterval: number
    grace: number
    maxBody: number
    maxDbSize: number | undefined
    targetUrl: string
    token: string | undefined
    concurrency: number
    management: 'on' | 'off'
  }>()
})

test('a flag overrides its environment variable, and the last of a repeated flag counts', () => {
  expect(read([target, '--addr', ':1', '--addr=:2'], { X_ADDR: ':3' }).addr.port).toBe(2)
})

test('a bad environment variable does no harm when a flag overrides it', () => {
  expect(read([target, '--concurrency', '2'], { X_CONCURRENCY: 'many' }).concurrency).toBe(2)
})

test('an empty environment variable counts as unset', () => {
  expect(read([target], { X_CONCURRENCY: '', X_TOKEN: '' })).toMatchObject({
    concurrency: 1,
    token: undefined,
  })
})

test('a value that looks like a number or holds dashes and equals signs stays text', () => {
  expect(read([target, '--token=007']).token).toBe('007')
  expect(read([target, '--token', 'a=-b']).token).toBe('a=-b')
})

test.each<[string, string[], Environment, RegExp]>([
  [
    'required',
    [],
    {},
    /^X_TARGET_URL is not set \(nor --target-url\): it must be an http:\/\/ or https:\/\/ URL/,
  ],
  ['environment', [], { X_TARGET_URL: 'h' }, /^X_TARGET_URL is "h": it must be an http:/],
  ['user info', ['--target-url=http://me:hush@h'], {}, /^--target-url is "http:\/\/…@h": /],
  [
    'plain number',
    [target, '--poll-interval', '30'],
    {},
    /^--poll-interval is "30": it must be a duration such as/,
  ],
  [
    'too short',
    [target],
    { X_POLL_INTERVAL: '10ms' },
    /^X_POLL_INTERVAL is "10ms": .*, at least 1s, at most 596h$/,
  ],
  [
    'too large',
    [target],
    { X_MAX_BODY: '1GB' },
    /^X_MAX_BODY is "1GB": it must be a size .*, at most 900MB$/,
  ],
  [
    'too few',
    [target, '--concurrency=0'],
    {},
    /^--concurrency is "0": it must be a whole number, at least 1, at most 64$/,
  ],
  ['negative', [target, '--concurrency', '-1'], {}, /^--concurrency is "-1": /],
  ['no choice', [target, '--management', 'maybe'], {}, /^--management is "maybe": it must be on or off$/],
  ['empty flag', [target, '--addr='], {}, /^--addr is "": it must be an address/],
  ['line break', [target], { X_ADDR: ':80\n:81' }, /^X_ADDR is ":80\\n:81": /],
  ['very long', [target], { X_ADDR: 'a'.repeat(5000) }, /^X_ADDR is "a{80}…": /],
  [
    'secret',
    [target],
    { X_TOKEN: 'hush\n' },
    /^X_TOKEN is a secret that cannot be used: it must be text on one line/,
  ],
  ['no value', [target, '--addr'], {}, /^--addr needs a value/],
  ['next flag as value', ['--addr', target], {}, /^--addr needs a value/],
  ['unknown flag', [target, '--tokn', 'hush'], {}, /^--tokn is no flag here/],
  ['camel case', [target, '--pollInterval=3s'], {}, /^--pollInterval is no flag here/],
  ['negated', [target, '--no-addr'], {}, /^--no-addr is no flag here/],
  ['short', [target, '-a'], {}, /^-a is no flag here/],
  ['prototype', [target, '--constructor=1'], {}, /^these flags cannot be read/],
  ['version', [target, '--version'], {}, /^--version is no flag here/],
  ['other words', [target, '--token', 'my', 'hush'], {}, /^only flags are taken here/],
  ['behind --', [target, '--', '--addr=:1'], {}, /^only flags are taken here/],
])('is refused in one line that says what is allowed: %s', (_, argv, env, message) => {
  const error = thrown(argv, env)
  expect(error).toBeInstanceOf(SettingError)
  expect(error.message).toMatch(message)
  expect(error.message).not.toMatch(/hush|\n/)
})

test('--help lists every flag with its variable, default and description, even if another flag is bad', () => {
  const help = thrown(['--help', '--concurrency=none'])
  expect(help).toBeInstanceOf(HelpShown)
  expect(help.message).toContain('npm run x -- [flags]')
  for (const { flag, env, describe, default: fallback } of describeSettings(table)) {
    const line = help.message.split('\n').find(text => text.includes(`${flag} `))
    expect(line).toContain(`${describe} (${env}`)
    expect(line).toContain(fallback === undefined ? '[string]' : `[default: ${fallback}]`)
  }
})

test('describeSettings makes a row of each setting', () => {
  const rows = describeSettings(table)
  expect(rows.map(row => row.key)).toEqual(Object.keys(table))
  expect(rows.find(row => row.key === 'token')).toEqual({
    key: 'token',
    flag: '--token',
    env: 'X_TOKEN',
    default: undefined,
    describe: 'what callers show',
    secret: true,
    required: false,
  })
  expect(rows.filter(row => row.required).map(row => row.flag)).toEqual(['--target-url'])
})

test('flagsAsEnvironment turns the given flags into variables', () => {
  const argv = ['--poll-interval=2s', '--token', 't']
  expect(flagsAsEnvironment(table, { ...named, argv })).toEqual({ X_POLL_INTERVAL: '2s', X_TOKEN: 't' })
})

test('a table whose bounds make no sense throws when it is built', () => {
  expect(() => setting.duration({ env: 'X', describe: '', min: '10' })).toThrow(TypeError)
  expect(() => setting.integer({ env: 'X', describe: '', min: 2, max: 1 })).toThrow(TypeError)
})

test('what may be shown of settings is their text, and of secrets only whether they are set', () => {
  const given = { X_TOKEN: 'hush', X_MANAGEMENT: '', X_TARGET_URL: 'http://127.0.0.1:1/' }
  const { values, shown } = readAndShow(table, { ...named, argv: ['--grace=90s'], env: given })
  expect(values).toEqual(read(['--grace=90s'], given))
  const of = (name: string) => shown.find(each => each.name === name)
  expect(shown.map(({ name }) => name)).toEqual(describeSettings(table).map(({ env }) => env))
  expect(of('X_GRACE')).toEqual({ name: 'X_GRACE', isSet: true, isSecret: false, text: '90s' })
  expect(of('X_MANAGEMENT')).toMatchObject({ isSet: false, text: 'on' })
  expect(of('X_MAX_DB_SIZE')).toMatchObject({ isSet: false, text: undefined })
  expect(of('X_TARGET_URL')).toMatchObject({ isSet: true, text: 'http://127.0.0.1:1/' })
  expect(of('X_TOKEN')).toEqual({ name: 'X_TOKEN', isSet: true, isSecret: true, text: undefined })
})
