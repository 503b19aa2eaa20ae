import { nanoseconds } from './clock.ts'
import type { Exchange } from './exchange.ts'
import { AnswerParser, type Piece } from './model/answer.ts'
import type { Model } from './model/catalogue.ts'
import { Speech } from './model/speech.ts'
import { readPrompt } from './model/vocabulary.ts'
import { wordsAfter, wordsOf } from './model/words.ts'
import { contextOf } from './scheduler/load-options.ts'
import type { LoadOptions } from './scheduler/load-options.ts'
import type { Lease, Scheduler } from './scheduler/scheduler.ts'
import { statusOf } from './wire/status.ts'

/** How fast the models read and write. */
export interface Pace {
  /** 0: at once. */
  tokensPerSecond: number
  /** Time to read a prompt, in milliseconds. */
  promptMs: number
}

/** A request for words, whatever dialect it came in. */
export interface Generation {
  model: Model
  /** Absent: the model is only loaded. */
  prompt: string | undefined
  /** The prompt is all that is asked for. */
  renderOnly: boolean
  load: LoadOptions
  keepAliveMs: number | undefined
  /** Most tokens to say; Infinity to go on for ever. */
  limit: number
  stop: readonly string[]
  thinking: boolean
  tools: boolean
  /** Throws what Ollama notices only once the model is loaded. */
  check(): void
}

/** Counts and times of a finished generation, under their names on the wire; durations in integer nanoseconds. */
export interface Metrics {
  total_duration: number
  load_duration: number
  prompt_eval_count: number
  prompt_eval_duration: number
  eval_count: number
  eval_duration: number
}

export interface Finished {
  reason: 'stop' | 'length'
  metrics: Metrics
}

/** Puts an answer into its dialect and sends it, piece by piece or whole. */
export interface Answering {
  /** Whether pieces are sent as they come. */
  readonly streams: boolean
  /** The request had nothing to say, and only loaded the model; absent where a dialect has no such request. */
  loaded?(reason: 'load' | 'unload'): void
  /** Only the prompt was asked for. */
  rendered?(prompt: string): void
  /** False when the caller cannot take more for now. */
  piece(piece: Piece): boolean
  done(finished: Finished, generation: Generation): void
  /** For a stream: a line that no parser takes. */
  brokenLine(): void
  /** For a stream: what went wrong after it had begun. The stream is ended behind it. */
  failed(message: string): void
}

/** After so many pieces said without a pause, others get a turn. */
const PIECES_PER_TURN = 64

/**
 * Takes a place on a runner, says the words there and answers with them. Throws what became of it before the first
 * piece was sent; what happens later is told in the stream.
 */
export const answerWith = async (
  { scheduler, pace }: { scheduler: Scheduler; pace: Pace },
  exchange: Exchange,
  generation: Generation,
  answering: Answering,
): Promise<void> => {
  const { model, load: options, keepAliveMs } = generation
  const lease = await scheduler.schedule({ model, options, keepAliveMs, signal: exchange.signal })
  try {
    if (generation.prompt === undefined) return answering.loaded?.('load')
    if (generation.renderOnly) return answering.rendered?.(generation.prompt)
    if (answering.streams) exchange.stage = 'stream'
    generation.check()
    const finished = await say(exchange, lease, generation, pace, answering)
    if (answering.streams) exchange.beforeDone()
    answering.done(finished, generation)
  } catch (error) {
    if (!exchange.reply.started || statusOf(error) === undefined) throw error
    answering.failed((error as Error).message)
    exchange.reply.end()
  } finally {
    lease.release()
  }
}

/** Says a generation's words at the pace given. Throws CallerLeft or RunnerDied. */
const say = async (
  exchange: Exchange,
  lease: Lease,
  generation: Generation,
  pace: Pace,
  answering: Answering,
): Promise<Finished> => {
  const { clock, startedAtMs } = exchange
  const brokenLine = answering.streams ? () => answering.brokenLine() : undefined
  await lease.takeSlot()
  const loadedAtMs = clock.now()
  const { model, prompt: text = '', thinking } = generation
  const { seedWord } = model.weights
  const prompt = readPrompt(text, seedWord)
  if (pace.promptMs > 0) await exchange.wait(pace.promptMs)
  const beganAtMs = clock.now()
  const { tokensPerSecond = pace.tokensPerSecond } = model
  const words = model.prose ? wordsOf(model.prose(text), thinking) : wordsAfter(prompt.last, seedWord)
  const speech = new Speech(words, generation)
  const parser = new AnswerParser(generation)
  for (;;) {
    if (tokensPerSecond > 0) {
      const dueMs = beganAtMs + ((speech.evaluated + 1) / tokensPerSecond) * 1000
      const waitMs = dueMs - clock.now()
      if (waitMs >= 1) await exchange.wait(waitMs)
    } else if (speech.evaluated % PIECES_PER_TURN === PIECES_PER_TURN - 1) {
      await new Promise(resolve => setImmediate(resolve))
    }
    exchange.signal.throwIfAborted()
    const step = speech.next()
    if (step.text !== '') {
      await exchange.beforePiece(lease.runner, brokenLine)
      if (!answering.piece(parser.read(step))) await exchange.reply.drained()
    }
    if (step.end === undefined) continue
    await exchange.beforePiece(lease.runner, brokenLine)
    const nowMs = clock.now()
    return {
      reason: step.end,
      metrics: {
        total_duration: nanoseconds(nowMs - startedAtMs),
        load_duration: nanoseconds(loadedAtMs - startedAtMs),
        // What does not fit into the context is left out.
        prompt_eval_count: Math.min(prompt.count, contextOf(generation.load)),
        prompt_eval_duration: nanoseconds(beganAtMs - loadedAtMs),
        eval_count: speech.evaluated,
        eval_duration: nanoseconds(nowMs - beganAtMs),
      },
    }
  }
}
