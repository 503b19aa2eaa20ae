import { type Environment, localUrl, parseAddress, parseToken, withEnvFile } from '@foreman/process'
import { readFileSync } from 'node:fs'
import { UsageError } from '../failures/usage-error.ts'

/** What says which foreman is meant, and who asks. */
export interface TargetFlags {
  readonly url?: string | undefined
  readonly token?: string | undefined
  readonly 'token-file'?: string | undefined
}

export interface Target {
  readonly url: string
  readonly token: string | undefined
  /** Where the token is from, for messages, which never show it. */
  readonly tokenFrom: string | undefined
}

const TOKENS = ['FOREMAN_OPERATOR_TOKEN', 'FOREMAN_TOKEN'] as const

/**
 * The foreman that is meant. `.env` is about the one that is started in this directory, so it is read only if neither `--url`
 * nor FOREMAN_URL says which: its tokens are not sent to another.
 *
 * @throws UsageError or SettingError when a flag or a variable cannot be used
 */
export const targetOf = (flags: TargetFlags, environment: Environment): Target => {
  const isSaid = flags.url !== undefined || Boolean(environment['FOREMAN_URL'])
  const env = isSaid ? environment : withEnvFile(environment)
  return { url: urlOf(flags, env), ...tokenOf(flags, env) }
}

const urlOf = ({ url: flag }: TargetFlags, env: Environment): string => {
  const [name, text] = flag === undefined ? ['FOREMAN_URL', env['FOREMAN_URL']] : ['--url', flag]
  if (text) {
    if (/^https?:\/\/./.test(text) && URL.canParse(text)) return text.replace(/\/+$/, '')
    throw new UsageError(`${name} is no URL: it must be such as http://127.0.0.1:8080`)
  }
  const address = parseAddress(env['FOREMAN_ADDR'] || ':8080')
  if (!address) throw new UsageError('FOREMAN_ADDR is no address such as :8080: set it, or give --url')
  if (address.port === 0)
    throw new UsageError('FOREMAN_ADDR leaves the port to the system: say with --url where foreman is')
  return localUrl(address)
}

const tokenOf = (flags: TargetFlags, env: Environment): Pick<Target, 'token' | 'tokenFrom'> => {
  const file = flags['token-file']
  if (flags.token !== undefined && file !== undefined)
    throw new UsageError('--token and --token-file are both given: give one of them')
  if (flags.token !== undefined) return checked(flags.token, '--token')
  if (file !== undefined) return checked(readToken(file), `--token-file ${file}`)
  const name = TOKENS.find(each => Boolean(env[each]))
  return name === undefined ? { token: undefined, tokenFrom: undefined } : checked(env[name] ?? '', name)
}

const checked = (text: string, tokenFrom: string): Pick<Target, 'token' | 'tokenFrom'> => {
  const token = parseToken(text)
  if (token === undefined)
    throw new UsageError(
      `${tokenFrom} has no token that can be sent: it must be printable ASCII, without blanks around it`,
    )
  return { token, tokenFrom }
}

const readToken = (file: string): string => {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    throw new UsageError(`--token-file cannot be read: ${(error as Error).message}`, { cause: error })
  }
}
