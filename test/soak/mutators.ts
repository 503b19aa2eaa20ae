import type { Dice } from './dice.ts'

export interface Limits {
  readonly maxBytes: number
  /** The same for a body of many small values: a simulated Ollama keeps sixty bytes for each byte of these. */
  readonly maxBytesOfValues: number
}

/** Makes another body of a body. */
export type Mutator = (body: Buffer, dice: Dice, limits: Limits) => Buffer

const SMALL_BYTES = 64 * 1024
const MAX_INSERTED_BYTES = 16
const MAX_LEVELS = 100_000

/** Mostly small; now and then as much as foreman takes, or a byte more. */
const sizeOf = (dice: Dice, maxBytes: number): number => {
  const kind = dice.below(20)
  if (kind === 0) return maxBytes
  if (kind === 1) return maxBytes + 1
  if (kind < 5) return dice.below(Math.ceil(maxBytes / 8))
  return dice.below(Math.min(SMALL_BYTES, maxBytes))
}

const filled = (unit: string, bytes: number): Buffer =>
  Buffer.alloc(Math.floor(bytes / unit.length) * unit.length, unit)

const spanIn = (body: Buffer, dice: Dice): [from: number, to: number] => {
  const from = dice.below(body.length + 1)
  return [from, from + dice.below(body.length - from + 1)]
}

const REQUEST = '"request":{'

/** Puts a field into an object of a body, in front of its other fields: into the first one, or into the request of a job. */
const withField = (body: Buffer, value: Buffer, isInRequest: boolean): Buffer => {
  const request = isInRequest ? body.indexOf(REQUEST) : -1
  const at = request < 0 ? body.indexOf('{') + 1 : request + REQUEST.length
  return Buffer.concat([body.subarray(0, at), Buffer.from(ADDED), value, Buffer.from(','), body.subarray(at)])
}

const ADDED = '"added":'

/** A value that is so long that the whole body has the size. */
const valueFor = (size: number, body: Buffer, [before, unit, after]: readonly [string, string, string]) => {
  const room = size - body.length - ADDED.length - before.length - after.length - ','.length
  return Buffer.concat([Buffer.from(before), filled(unit, Math.max(0, room)), Buffer.from(after)])
}

/** Adds one long value. */
const long =
  (...parts: [before: string, unit: string, after: string]): Mutator =>
  (body, dice, { maxBytes }) =>
    withField(body, valueFor(sizeOf(dice, maxBytes), body, parts), dice.chance(0.5))

/** Adds many small values. foreman itself refuses them in a job, where they are no part of the request. */
const many =
  (...parts: [before: string, unit: string, after: string]): Mutator =>
  (body, dice, { maxBytes, maxBytesOfValues }) => {
    const isInRequest = dice.chance(0.5)
    const isRefused = !isInRequest && body.includes(REQUEST)
    const most = isRefused ? maxBytes : Math.min(maxBytes, maxBytesOfValues)
    return withField(body, valueFor(sizeOf(dice, most), body, parts), isInRequest)
  }

const nested =
  (open: string, within: string, close: string): Mutator =>
  (body, dice) => {
    const levels = dice.below(MAX_LEVELS)
    return withField(body, Buffer.from(open.repeat(levels) + within + close.repeat(levels)), dice.chance(0.5))
  }

/** Ways to spoil a few bytes. */
export const edits: Readonly<Record<string, Mutator>> = {
  'a byte is another': (body, dice) => {
    const changed = Buffer.from(body)
    if (body.length > 0) changed[dice.below(body.length)] = dice.below(256)
    return changed
  },
  'bytes are inserted': (body, dice) => {
    const at = dice.below(body.length + 1)
    const inserted = Array.from({ length: 1 + dice.below(MAX_INSERTED_BYTES) }, () => dice.below(256))
    return Buffer.concat([body.subarray(0, at), Buffer.from(inserted), body.subarray(at)])
  },
  'the end is cut off': (body, dice) => body.subarray(0, dice.below(body.length + 1)),
  'a part is left out': (body, dice) => {
    const [from, to] = spanIn(body, dice)
    return Buffer.concat([body.subarray(0, from), body.subarray(to)])
  },
  'a part comes twice': (body, dice) => {
    const [from, to] = spanIn(body, dice)
    return Buffer.concat([body.subarray(0, to), body.subarray(from)])
  },
  'a number is another': (body, dice) => {
    const number = dice.pick([
      '-1',
      '1e400',
      '9007199254740993',
      '0.1e-7',
      '-0',
      '1e9',
      '18446744073709551616',
    ])
    return Buffer.from(body.toString('latin1').replace(/\d+/, number), 'latin1')
  },
  'a value has another type': (body, dice) => {
    const value = dice.pick(['null', 'true', '[]', '{}', '""', '0'])
    return Buffer.from(
      body.toString('latin1').replace(/("\w+":\s*)("[^"]*"|\d+|true|false)/, `$1${value}`),
      'latin1',
    )
  },
}

/** Ways to make a body large or deep. */
export const growths: Readonly<Record<string, Mutator>> = {
  'a long text': long('"', 'A', '"'),
  'escaped text': long('"', '\\"', '"'),
  'escaped characters': long('"', '\\ud83d', '"'),
  'a list of objects': many('[', '{},', '0]'),
  'a list of numbers': many('[', '1.5,', '0]'),
  'a list of lists': many('[', '[[]],', '0]'),
  'many fields': many('0', ',"a":1', ''),
  'many models': many('0', ',"model":"plain"', ''),
  blanks: long('', ' ', '0'),
  'a long number': long('', '9', '0'),
  'a long name': long('{"', 'n', '":0}'),
  'bytes that are no UTF-8': long('"', '\u00ff\u00fe', '"'),
  'nested lists': nested('[', '', ']'),
  'nested objects': nested('{"a":', '1', '}'),
  'nested lists that do not end': nested('[', '', ''),
  'nested objects that do not end': nested('{"a":', '', ''),
  'lists that end too often': nested('', '0', ']'),
}

const MAX_EDITS = 4

/** A body with a growth, a few edits, both or neither. */
export const mutated: Mutator = (body, dice, limits) => {
  let changed = body
  if (dice.chance(0.4)) changed = dice.pick(Object.values(growths))(changed, dice, limits)
  if (dice.chance(0.4))
    for (let left = 1 + dice.below(MAX_EDITS); left > 0; left--)
      // The patterns of some edits look at text, which would take long with a large body.
      changed = dice.pick(changed.length > SMALL_BYTES ? quickEdits : allEdits)(changed, dice, limits)
  return changed
}

const allEdits = Object.values(edits)
const quickEdits = allEdits.slice(0, 3)
