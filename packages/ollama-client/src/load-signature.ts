import { canonicalModelName } from './model-name.ts'

export interface LoadRequest {
  /** The name as the request has it. */
  model: string
  /** The request's `options`; keys are matched exactly, as Ollama does. */
  options?: Record<string, unknown> | undefined
  /** The request's top-level `shift`. */
  shift?: unknown
  /** What the weights are known by (blob digests), where that is known: names that share them share a runner. */
  weights?: string | undefined
  /** The Modelfile's parameters, which the request's options go over. */
  parameters?: Record<string, unknown> | undefined
  /** `details.family`: decides what an absent `shift` means. */
  family?: string | undefined
  /** The context length the model was trained with, in tokens: Ollama goes no higher. */
  trainedContext?: number | undefined
}

/**
 * What decides whether a resident runner can serve a request, as one stable string: requests with equal
 * signatures follow each other without a reload. Options that only steer sampling never count; a value of the
 * wrong type counts as absent (Ollama refuses such a request anyway).
 *
 * From Ollama's scheduler: weights, then num_ctx, num_batch, num_gpu, main_gpu, use_mmap, num_thread,
 * draft_num_predict and shift.
 */
export function loadSignature(request: LoadRequest): string {
  const { options, parameters } = request
  const integer = (name: string) => asInteger(options?.[name]) ?? asInteger(parameters?.[name])
  const boolean = (name: string) => asBoolean(options?.[name]) ?? asBoolean(parameters?.[name])

  const context = integer('num_ctx')
  const gpu = integer('num_gpu')
  const mmap = boolean('use_mmap')
  // Only this family cannot shift its context.
  const shift = asBoolean(request.shift) ?? request.family !== 'deepseek2'
  return [
    request.weights ?? canonicalModelName(request.model) ?? request.model.trim().toLowerCase(),
    `ctx=${context === undefined ? 'AUTO' : Math.max(4, Math.min(context, request.trainedContext ?? Infinity))}`,
    `batch=${integer('num_batch') ?? 'AUTO'}`,
    `gpu=${gpu === undefined || gpu < 0 ? 'ANY' : gpu}`,
    `main=${integer('main_gpu') ?? '-'}`,
    `mmap=${mmap === undefined ? '-' : mmap ? 't' : 'f'}`,
    `thr=${integer('num_thread') ?? 0}`,
    `draft=${integer('draft_num_predict') ?? 4}`,
    `shift=${shift ? 1 : 0}`,
  ].join('|')
}

function asInteger(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? Math.trunc(value) : undefined
}

function asBoolean(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}
