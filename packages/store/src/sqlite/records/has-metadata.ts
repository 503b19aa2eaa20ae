import { and, type SQL, sql } from '../drizzle.ts'
import { jobs } from '../schema.ts'

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const INTEGER = /^-?\d+$/
const WORDS: ReadonlySet<string> = new Set(['true', 'false', 'null'])

/** SQLite keeps integers of 64 bits exactly, and other numbers as fractions. */
const numberIn = (text: string): number | bigint => {
  const whole = INTEGER.test(text) ? BigInt(text) : undefined
  return whole !== undefined && BigInt.asIntN(64, whole) === whole ? whole : Number(text)
}

/** Whether there is this value under this name: as a text, or as the number or word that the text stands for. */
const isThere = ([name, text]: readonly [string, string]): SQL => {
  const path = `$.${JSON.stringify(name)}`
  const value = sql`json_extract(details.metadata, ${path})`
  const isText = sql`WHEN 'text' THEN ${value} = ${text}`
  const isNumber = NUMBER.test(text)
    ? sql`WHEN 'integer' THEN ${value} = ${numberIn(text)} WHEN 'real' THEN ${value} = ${numberIn(text)}`
    : sql``
  const isWord = WORDS.has(text) ? sql`WHEN ${text} THEN 1` : sql``
  return sql`CASE json_type(details.metadata, ${path}) ${isText} ${isNumber} ${isWord} END`
}

/** Matches the jobs whose metadata has all of this. Metadata that is damaged has nothing. */
export const hasMetadata = (metadata: Readonly<Record<string, string>>): SQL =>
  sql`EXISTS (SELECT 1 FROM job_details AS details WHERE details.job_seq = ${jobs.seq}
    AND CASE WHEN json_valid(details.metadata) THEN ${and(...Object.entries(metadata).map(isThere))} END)`
