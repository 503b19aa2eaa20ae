import type { Sim } from '@foreman/ollama-sim'
import { expect } from 'vitest'
import { until } from '../harness/until.ts'
import type { ToolCall } from './client.ts'

/** In which a target must be free of a caller that left. */
const FREE_WITHIN_MS = 1_000
const PLAIN_WORDS = 'Hello there, friend!'

export const expectNames = async (names: Promise<string[]>): Promise<void> => {
  expect((await names).map(name => name.replace(':latest', ''))).toContain('plain')
}

export const expectWords = async (words: Promise<string>): Promise<void> => {
  expect(await words).toBe(PLAIN_WORDS)
}

export const all = async (pieces: AsyncIterable<string>): Promise<string[]> => {
  const read: string[] = []
  for await (const piece of pieces) read.push(piece)
  return read.filter(piece => piece !== '')
}

export const expectPieces = async (pieces: AsyncIterable<string>): Promise<void> => {
  const read = await all(pieces)
  expect(read.join('')).toBe(PLAIN_WORDS)
  expect(read.length).toBeGreaterThan(1)
}

export const expectCall = async (calls: Promise<ToolCall[]>): Promise<void> => {
  expect(await calls).toEqual([{ name: 'get_weather', arguments: { city: 'Paris' } }])
}

export const expectPatience = (heartbeats: number): void => {
  expect(heartbeats).toBeGreaterThanOrEqual(3)
}

/** What was thrown, if something was. */
export const failureOf = (running: Promise<unknown>): Promise<Error | undefined> =>
  running.then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  )

/** Everything that an error says, whatever it is wrapped in, and the status that it names. */
const toldBy = (error: unknown): { text: string; status: number | undefined } => {
  const told = { text: '', status: undefined as number | undefined }
  for (let at = error; at instanceof Error; at = at.cause) {
    const { status, status_code, statusCode, responseBody } = at as unknown as Record<string, unknown>
    told.text += `${at.message}\n${String(responseBody)}\n`
    told.status ??= [status, status_code, statusCode].find(value => typeof value === 'number')
  }
  return told
}

export const expectRefusal = async (words: Promise<string>, status: number, text: string): Promise<void> => {
  expect(toldBy(await failureOf(words))).toEqual({ status, text: expect.stringContaining(text) as string })
}

export const expectFailure = async (answer: Promise<unknown>): Promise<void> => {
  if (!(await failureOf(answer))) throw new Error('it took half an answer for a whole one')
}

export const expectReason = async (answer: Promise<unknown>, text: string): Promise<void> => {
  expect(toldBy(await failureOf(answer)).text).toContain(text)
}

/** Leaves an answer that is under way, and expects the target to be rid of it soon. */
export const expectRelief = async (
  sim: Sim,
  ask: (signal: AbortSignal) => Promise<unknown>,
  underWay: () => Promise<void>,
): Promise<void> => {
  const leaving = new AbortController()
  const over = failureOf(ask(leaving.signal))
  await underWay()
  leaving.abort()
  await until(() => sim.inFlight === 0, FREE_WITHIN_MS)
  await over
}
