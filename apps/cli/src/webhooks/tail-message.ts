import { VerificationError, verify } from '@foreman/webhooks'
import type { IncomingHttpHeaders } from 'node:http'
import { safeLine } from '../output/safe-text.ts'

/** How many webhook ids are remembered, so that a repeated message is recognised. */
const MAX_IDS = 10_000

const seen = new Set<string>()

/** Whether a message with this id has come before. Remembers the id. */
const isRepeated = (id: string): boolean => {
  if (seen.has(id)) return true
  seen.add(id)
  const [oldest] = seen
  if (seen.size > MAX_IDS && oldest !== undefined) seen.delete(oldest)
  return false
}

/** Whether the signature of a message is right, as the first word of its line. */
export const verdictOn = (secrets: readonly string[], headers: IncomingHttpHeaders, body: Buffer): string => {
  if (secrets.length === 0) return 'unverified'
  try {
    verify({ secrets, headers, body })
    return 'verified'
  } catch (error) {
    if (error instanceof VerificationError) return `refused: ${error.code}`
    throw error
  }
}

/** The fields of a message that its line shows. */
interface Shown {
  readonly type?: string
  readonly data?: { readonly job?: { readonly id?: string; readonly state?: string } }
}

const parse = (body: Buffer): Shown => {
  try {
    return (JSON.parse(body.toString()) as Shown | null) ?? {}
  } catch {
    return {}
  }
}

/** The line of a message. Anybody may have written it, so a terminal does not obey it. */
export const lineOf = (verdict: string, headers: IncomingHttpHeaders, body: Buffer): string => {
  const id = String(headers['webhook-id'] ?? '-')
  const { type = '-', data } = parse(body)
  const words = [new Date().toISOString(), verdict, id, type, data?.job?.id ?? '-', data?.job?.state ?? '-']
  return safeLine([...words, ...(isRepeated(id) ? ['again'] : [])].map(String).join('  '))
}
