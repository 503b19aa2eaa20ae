import { type Address, parseAddress } from './address.ts'
import { parseBaseUrl, withoutUserInfo } from './base-url.ts'
import { parseDuration } from './duration.ts'
import { parseSize } from './size.ts'

interface Options {
  /** The environment variable, such as `FOREMAN_POLL_INTERVAL`. */
  readonly env: string
  /** One line for `--help` and the documentation. */
  readonly describe: string
  /** The text that a user would type. A setting with neither a default nor `optional` is required. */
  readonly default?: string
  /** The setting may be absent. Its value is then undefined. */
  readonly optional?: true
  /** No message shows the value. */
  readonly secret?: true
}

interface Bounds extends Options {
  /** The smallest value allowed, as a user would type it. */
  readonly min?: string
  /** The largest value allowed, as a user would type it. */
  readonly max?: string
}

/** One setting: where its text comes from, which texts are allowed, and how a text becomes a value. */
export interface Setting<Value> extends Options {
  /** Which texts are allowed, as the end of a sentence: `a duration such as 30s`. */
  readonly allowed: string
  /** The value of a text, or undefined when the text is not allowed. */
  readonly parse: (text: string) => Value | undefined
  /** Changes the text into one that a message may show. Default: the text itself. */
  readonly show?: (text: string) => string
  /** Never set. It only carries the type of the value. */
  readonly value?: Value
}

/** A table of settings; each key in camelCase is the flag in kebab-case: `pollInterval` is `--poll-interval`. */
export type SettingTable = Readonly<Record<string, Setting<unknown>>>

/** The object that a table of settings reads into. */
export type SettingValues<Table extends SettingTable> = {
  [Key in keyof Table]: Table[Key] extends Setting<infer Value> ? Value : never
}

/** The type of `env` stays the name itself, so that a table can say which names it may have. */
type Parsed<Value, Given extends Pick<Options, 'env'>> = Setting<
  Given extends { optional: true } ? Value | undefined : Value
> & { readonly env: Given['env'] }

/** Node fires a timer of more than 2^31 - 1 ms at once, so a duration is no longer unless its setting allows it. */
const MAX_TIMER = '596h'

const within = (
  parse: (text: string) => number | undefined,
  kind: string,
  { min, max }: { min?: string | undefined; max?: string | undefined },
) => {
  const bound = (text: string | undefined, open: number) =>
    text === undefined ? open : (parse(text) ?? Number.NaN)
  const [smallest, largest] = [bound(min, -Infinity), bound(max, Infinity)]
  if (!(smallest <= largest)) throw new TypeError(`bounds of a setting: ${min} to ${max}`)
  const limits = [min === undefined ? '' : `, at least ${min}`, max === undefined ? '' : `, at most ${max}`]
  return {
    allowed: kind + limits.join(''),
    parse: (text: string) => {
      const value = parse(text)
      return value !== undefined && value >= smallest && value <= largest ? value : undefined
    },
  }
}

/**
 * The kinds of settings. Each takes the name of its variable, a description, a default or `optional`, and bounds.
 *
 * @example
 * const settings = {
 *   addr: setting.address({ env: 'X_ADDR', default: ':8080', describe: 'Where to listen' }),
 *   maxBody: setting.size({ env: 'X_MAX_BODY', default: '1MB', max: '1GB', describe: 'The largest request' }),
 *   token: setting.text({ env: 'X_TOKEN', optional: true, secret: true, describe: 'What callers must send' }),
 * }
 */
export const setting = {
  /** Such as `30s`, `5m`, `1h30m` or `300ms`; the value is in milliseconds. From 1ms to 596h by default. */
  duration<const Given extends Bounds>(given: Given): Parsed<number, Given> {
    const bounds = { min: given.min ?? '1ms', max: given.max ?? MAX_TIMER }
    return { ...given, ...within(parseDuration, 'a duration such as 30s, 5m or 1h30m', bounds) }
  },

  /** Such as `512KB`, `100MB` or `1GB`; the value is in bytes. MB is 10^6 and MiB is 2^20, and so on. */
  size<const Given extends Bounds>(given: Given): Parsed<number, Given> {
    return { ...given, ...within(parseSize, 'a size such as 512KB, 100MB or 1GB', given) }
  },

  /** A whole number. */
  integer<const Given extends Omit<Bounds, 'min' | 'max'> & { min?: number; max?: number }>(
    given: Given,
  ): Parsed<number, Given> {
    const { min, max, ...rest } = given
    const bounds = { min: min?.toString(), max: max?.toString() }
    return { ...rest, ...within(parseInteger, 'a whole number', bounds) } as Parsed<number, Given>
  },

  /** Such as `:8080`, `127.0.0.1:8080` or `[::1]:8080`. The host is undefined for every interface. */
  address<const Given extends Options>(given: Given): Parsed<Address, Given> {
    return {
      ...given,
      allowed: 'an address such as :8080, 127.0.0.1:8080 or [::1]:8080',
      parse: parseAddress,
    }
  },

  /** The base URL of an HTTP server, without user info and query. The value has no trailing slash. */
  url<const Given extends Options>(given: Given): Parsed<string, Given> {
    const allowed = 'an http:// or https:// URL without user info or query, such as http://127.0.0.1:11434'
    return { ...given, allowed, parse: parseBaseUrl, show: withoutUserInfo }
  },

  /** Any text on one line, neither in quotes nor with blanks around it: these were meant for a shell or an editor. */
  text<const Given extends Options>(given: Given): Parsed<string, Given> {
    // oxlint-disable-next-line no-control-regex -- control characters are what is refused
    const parse = (text: string) => (/[\x00-\x1f\x7f]/.test(text) ? undefined : bareText(text))
    return { ...given, allowed: 'text on one line, not empty, without blanks or quotes around it', parse }
  },

  /** A text that every HTTP client can send in a header and every server reads from it unchanged. */
  token<const Given extends Options>(given: Given): Parsed<string, Given> {
    const allowed = 'printable ASCII, as HTTP headers carry it, without blanks or quotes around it'
    return { ...given, allowed, parse: parseToken }
  },

  /** One of a few words. */
  choice<const Word extends string, const Given extends Options>(
    given: Given & { choices: readonly Word[] },
  ): Parsed<Word, Given> {
    const { choices, ...rest } = given
    const parse = (text: string) => choices.find(word => word === text)
    return { ...rest, allowed: choices.join(' or '), parse } as Parsed<Word, Given>
  },
}

const bareText = (text: string): string | undefined =>
  text === '' || text !== text.trim() || /^(["'`]).*\1$/s.test(text) ? undefined : text

/** @returns undefined for a text that is no token */
export const parseToken = (text: string): string | undefined =>
  /^[\x20-\x7e]+$/.test(text) ? bareText(text) : undefined

const parseInteger = (text: string): number | undefined =>
  /^-?\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined
