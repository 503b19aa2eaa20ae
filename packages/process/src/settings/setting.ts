import { type Address, parseAddress } from './address.ts'
import { parseBaseUrl, withoutUserInfo } from './base-url.ts'
import { parseDuration } from './duration.ts'
import { parseSize } from './size.ts'

interface Options {
  /** Environment variable, e.g. `FOREMAN_POLL_INTERVAL`. */
  env: string
  /** One line for `--help` and the documentation. */
  describe: string
  /** As it would be typed. A setting with neither default nor `optional` is required. */
  default?: string
  /** May be absent: its value is then undefined. */
  optional?: true
  /** Its value never shows up in a message. */
  secret?: true
}

interface Bounds extends Options {
  /** Smallest value allowed, as it would be typed. */
  min?: string
  /** Largest value allowed, as it would be typed. */
  max?: string
}

/** One setting: where it comes from, what is allowed, and how its text becomes a value. */
export interface Setting<Value> extends Options {
  /** What is allowed, as the end of a sentence: `a duration such as 30s`. */
  allowed: string
  /** The value of a text, or undefined when the text is not allowed. */
  parse: (text: string) => Value | undefined
  /** The text as a message may repeat it; unchanged when absent. */
  show?: (text: string) => string
  /** Carries the type alone. */
  value?: Value
}

/** A table of settings; each key in camelCase is the flag in kebab-case: `pollInterval` is `--poll-interval`. */
export type SettingTable = Record<string, Setting<unknown>>

/** The object that a table of settings reads into. */
export type SettingValues<Table extends SettingTable> = {
  [Key in keyof Table]: Table[Key] extends Setting<infer Value> ? Value : never
}

type Parsed<Value, Given> = Setting<Given extends { optional: true } ? Value | undefined : Value>

/** A timer that is set to more than 2^31 - 1 ms fires at once, so no duration is longer unless its setting says so. */
const LONGEST_TIMER = '596h'

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

/** The kinds of settings. Each takes its name in the environment, a description, a default or `optional`, and its bounds. */
export const setting = {
  /** `30s`, `5m`, `1h30m`, `300ms`: milliseconds. From 1ms to 596h unless `min` and `max` say otherwise. */
  duration<const Given extends Bounds>(given: Given): Parsed<number, Given> {
    const bounds = { min: given.min ?? '1ms', max: given.max ?? LONGEST_TIMER }
    return { ...given, ...within(parseDuration, 'a duration such as 30s, 5m or 1h30m', bounds) }
  },

  /** `512KB`, `100MB`, `1GB`: bytes. MB is 10^6 and MiB is 2^20, and so on. */
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

  /** `:8080`, `127.0.0.1:8080`, `[::1]:8080`: a host, undefined for every interface, and a port. */
  address<const Given extends Options>(given: Given): Parsed<Address, Given> {
    return {
      ...given,
      allowed: 'an address such as :8080, 127.0.0.1:8080 or [::1]:8080',
      parse: parseAddress,
    }
  },

  /** The base of an HTTP server: http or https, no user info, no query; normalised, without a trailing slash. */
  url<const Given extends Options>(given: Given): Parsed<string, Given> {
    const allowed = 'an http:// or https:// URL without user info or query, such as http://127.0.0.1:11434'
    return { ...given, allowed, parse: parseBaseUrl, show: withoutUserInfo }
  },

  /** Any text on one line. */
  text<const Given extends Options>(given: Given): Parsed<string, Given> {
    // oxlint-disable-next-line no-control-regex -- they are what is refused
    const parse = (text: string) => (text === '' || /[\x00-\x1f\x7f]/.test(text) ? undefined : text)
    return { ...given, allowed: 'text on one line, not empty', parse }
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

const parseInteger = (text: string): number | undefined =>
  /^-?\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined
