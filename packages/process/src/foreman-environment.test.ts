import { expect, test } from 'vitest'
import { ensureKnown, FOREMAN_VARIABLES, SettingError, setting } from './index.ts'

const check = (name: string, value = 'x') => ensureKnown({ PATH: '/bin', [name]: value }, {})

test.each([...FOREMAN_VARIABLES])('%s is known to every process', name => {
  check(name)
})

/** A name with one letter left out, doubled, replaced, or swapped with the next, or in lower case. */
const slips = (name: string): string[] =>
  name.split('').flatMap((letter, at) => {
    const [before, after] = [name.slice(0, at), name.slice(at + 1)]
    const swapped = after === '' ? name : `${before}${after[0]}${letter}${after.slice(1)}`
    return [
      before + after,
      before + letter + letter + after,
      `${before}X${after}`,
      swapped,
      before + letter.toLowerCase() + after,
    ]
  })

test.each([...FOREMAN_VARIABLES])(
  '%s with any one letter mistyped is refused, and the message names it',
  name => {
    const known = new Set<string>(FOREMAN_VARIABLES)
    for (const slip of slips(name).filter(each => !known.has(each))) {
      expect(() => check(slip)).toThrow(SettingError)
      expect(() => check(slip)).toThrow(new RegExp(`^${slip} is no setting; the nearest one is FOREMAN_`))
    }
  },
)

test.each([
  ['FOREMAN_TOKE', 'FOREMAN_TOKEN'],
  ['FOREMAN_TOKEN_S', 'FOREMAN_TOKENS'],
  ['FORMAN_TOKEN', 'FOREMAN_TOKEN'],
  ['foreman_db_path', 'FOREMAN_DB_PATH'],
  ['FOREMAN_MAX_ATTEMPT', 'FOREMAN_MAX_ATTEMPTS'],
])('for %s the message names %s', (name, nearest) => {
  expect(() => check(name)).toThrow(`${name} is no setting; the nearest one is ${nearest}`)
})

test('a misspelt name that is set to nothing counts as unset', () => {
  check('FOREMAN_TOKE', '')
})

test.each([
  ['FOREMAN_SERVICE_HOST', '10.0.0.1'],
  ['FOREMAN_SERVICE_PORT', '8080'],
  ['FOREMAN_SERVICE_PORT_HTTP', '8080'],
  ['FOREMAN_PORT', 'tcp://10.0.0.1:8080'],
  ['FOREMAN_PORT_8080_TCP', 'tcp://10.0.0.1:8080'],
  ['FOREMAN_PORT_8080_TCP_ADDR', '10.0.0.1'],
  ['FOREMAN_GATEWAY_SERVICE_HOST', '10.0.0.1'],
  ['FOREMAN_GATEWAY_PORT', 'tcp://10.0.0.1:8080'],
])('%s=%s, which Kubernetes sets for a service, is left alone', (name, value) => {
  check(name, value)
})

test('FOREMAN_PORT, which only compose.yaml reads, is refused with the setting to use', () => {
  expect(() => check('FOREMAN_PORT', '9000')).toThrow(/^FOREMAN_PORT is .*compose\.yaml.*FOREMAN_ADDR/)
})

test('a tool refuses its own misspelt names, and others leave them to it', () => {
  const sim = { rate: setting.integer({ env: 'FOREMAN_SIM_RATE', default: '0', describe: '' }) }
  const env = { FOREMAN_SIM_RAT: '20' }
  ensureKnown(env, {})
  expect(() => ensureKnown(env, sim)).toThrow(
    'FOREMAN_SIM_RAT is no setting; the nearest one is FOREMAN_SIM_RATE',
  )
})
