import type { ForemanClient, Submission } from '@foreman/foreman-client'
import type { Message } from '@foreman/ollama-client'
import { MODELS } from './models.ts'
import { CHAT, CODE, type Exchange, PAGES, PLANS, REPORTS, SEARCHES, TICKETS } from './texts.ts'

/** What a caller has to live with. */
interface Life {
  readonly client: ForemanClient
  /** Waits as long as somebody would who lives at the speed of the demonstration. */
  pause(ms: number): Promise<void>
  readonly signal: AbortSignal
}

export interface Caller {
  readonly name: string
  /** The priority of its jobs; normal where there is none. */
  readonly priority?: 'high' | 'low'
  /** How many of them there are: people who share a chat, tasks that an agent has at a time. */
  readonly heads: number
  /** What it does again and again, until its signal aborts. */
  round(life: Life, round: number): Promise<void>
}

const BULK_SIZE = 200
const NIGHTLY_SIZE = 40
const CONVERSATION = 4

const pick = (list: readonly Exchange[], at: number): Exchange => list[at % list.length]!

/** Asks one question, and reads the answer as it comes. */
const ask = async ({ client, signal }: Life, model: string, { question }: Exchange): Promise<void> => {
  const messages = [{ role: 'user', content: question }] as const
  for await (const _ of client.chat({ model, messages, stream: true }, { signal }));
}

/** Hands in many jobs, and waits until the last one has ended. */
const runBatch = async ({ client, signal }: Life, submissions: readonly Submission[]): Promise<void> => {
  const { batch } = await client.submitBatch(submissions, { signal })
  for await (const _ of client.batches.results(batch!, { signal }));
}

const jobs = (model: string, list: readonly Exchange[], size: number, task: string): Submission[] =>
  Array.from({ length: size }, (_, at) => ({
    request: { model, prompt: `${task}: ${pick(list, at).question}`, think: false },
    endpoint: '/api/generate',
    metadata: { page: at + 1 },
  }))

/** People who ask the large model, read what it says, and ask again. */
const chat: Caller = {
  name: 'chat',
  heads: 3,
  async round(life, round) {
    const messages: Message[] = []
    for (let turn = 0; turn < CONVERSATION; turn++) {
      const { question, answer } = pick(CHAT, round * CONVERSATION + turn)
      messages.push({ role: 'user', content: question })
      const request = { model: MODELS.large.name, messages, stream: true } as const
      for await (const _ of life.client.chat(request, { signal: life.signal }));
      messages.push({ role: 'assistant', content: answer })
      await life.pause(6_000)
    }
  },
}

/** An agent that plans with the small model, and has the coder write three things at a time. */
const coder: Caller = {
  name: 'code-agent',
  heads: 3,
  async round(life, round) {
    await ask(life, MODELS.small.name, pick(PLANS, round))
    await Promise.all([0, 1, 2].map(at => ask(life, MODELS.coder.name, pick(CODE, round * 3 + at))))
    await life.pause(1_000)
  },
}

/** An agent that searches with the small model, and has the coder write down what it found. */
const researcher: Caller = {
  name: 'research-agent',
  heads: 3,
  async round(life, round) {
    await Promise.all([0, 1, 2, 3].map(at => ask(life, MODELS.small.name, pick(SEARCHES, round + at))))
    await Promise.all([0, 1].map(at => ask(life, MODELS.coder.name, pick(REPORTS, round + at))))
    await life.pause(2_000)
  },
}

/** All tickets at once. They come again. */
const tickets: Caller = {
  name: 'tickets',
  heads: 1,
  async round(life) {
    await runBatch(life, jobs(MODELS.small.name, TICKETS, BULK_SIZE, 'Label this ticket'))
    await life.pause(30_000)
  },
}

/** What has time until the morning. */
const archive: Caller = {
  name: 'archive',
  heads: 1,
  priority: 'low',
  async round(life) {
    await runBatch(life, jobs(MODELS.large.name, PAGES, NIGHTLY_SIZE, 'Sum up this page'))
    await life.pause(60_000)
  },
}

export const CALLERS: readonly Caller[] = [chat, coder, researcher, tickets, archive]
