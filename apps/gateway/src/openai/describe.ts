import { parseDuration } from '@foreman/process'
import type { BatchCounts, BatchLine, BatchRow, FileRow } from '@foreman/store'

/** OpenAI counts in seconds. */
const seconds = (ms: number): number => Math.floor(ms / 1_000)

type Status = 'in_progress' | 'completed' | 'failed' | 'expired' | 'cancelling' | 'cancelled'

/** What is known of one of OpenAI's batches. */
export interface BatchFacts {
  readonly batch: BatchRow
  readonly counts: BatchCounts
  /** When the last of its jobs ended. Undefined: one has not. */
  readonly endedAt: number | undefined
  /** Some of its bad lines. They are shown where there is nothing else. */
  readonly badLines: readonly BatchLine[]
  /** Whether whoever asks sees content. */
  readonly isContentSeen: boolean
}

const expiryOf = ({ createdAt, completionWindow }: BatchRow): number =>
  createdAt + (parseDuration(completionWindow ?? '') ?? 0)

/** The status that OpenAI has for how a batch goes. It is never `validating` or `finalizing`: it is made in one go, and copies nothing. */
export const statusOf = ({
  batch,
  counts,
  endedAt,
}: Omit<BatchFacts, 'badLines' | 'isContentSeen'>): Status => {
  const isCancelled = batch.cancelRequestedAt !== null
  if (endedAt === undefined) return isCancelled ? 'cancelling' : 'in_progress'
  if (batch.jobs === 0) return 'failed'
  if (isCancelled && counts.cancelled > 0) return 'cancelled'
  return counts.failed > 0 && endedAt >= expiryOf(batch) ? 'expired' : 'completed'
}

/** A batch as OpenAI shows it. */
export const batchObject = (facts: BatchFacts): object => {
  const { batch, counts, endedAt, badLines, isContentSeen } = facts
  const { succeeded, failed, cancelled, refused } = counts
  const status = statusOf(facts)
  const hasEnded = endedAt !== undefined
  return {
    id: batch.id,
    object: 'batch',
    endpoint: batch.endpoint,
    errors: status === 'failed' ? { object: 'list', data: badLines.map(errorOfLine) } : null,
    input_file_id: batch.inputFile,
    completion_window: batch.completionWindow,
    status,
    output_file_id: hasEnded && succeeded > 0 ? renderedId(batch, 'output') : null,
    error_file_id: hasEnded && failed + cancelled + refused > 0 ? renderedId(batch, 'errors') : null,
    created_at: seconds(batch.createdAt),
    in_progress_at: seconds(batch.createdAt),
    expires_at: seconds(expiryOf(batch)),
    ...(status === 'completed' && { finalizing_at: seconds(endedAt!) }),
    ...(batch.cancelRequestedAt !== null && { cancelling_at: seconds(batch.cancelRequestedAt) }),
    ...(hasEnded && status !== 'in_progress' && { [`${status}_at`]: seconds(endedAt) }),
    request_counts: { total: batch.jobs + refused, completed: succeeded, failed: failed + refused },
    metadata: isContentSeen && batch.metadata !== null ? (JSON.parse(batch.metadata) as unknown) : null,
  }
}

const errorOfLine = ({ line, errorCode, errorMessage }: BatchLine) => ({
  code: errorCode,
  message: errorMessage,
  param: null,
  line,
})

/** A file as OpenAI shows it. */
export const fileObject = (file: FileRow, isContentSeen: boolean): object => ({
  id: file.id,
  object: 'file',
  bytes: file.bytes,
  created_at: seconds(file.createdAt),
  ...(file.expiresAt !== null && { expires_at: seconds(file.expiresAt) }),
  filename: isContentSeen ? file.name : `${file.id}.jsonl`,
  purpose: file.purpose,
  status: 'processed',
})

/** What can be rendered of a batch. */
export type RenderedKind = 'output' | 'errors'

/** A rendered file is named after its batch. */
const renderedId = ({ id }: Pick<BatchRow, 'id'>, kind: RenderedKind): string =>
  `file-${id.slice('batch_'.length)}-${kind}`

/** The batch and the kind that the id of a rendered file names. Undefined: it is the id of another file. */
export const renderedBy = (
  id: string,
): { readonly batchId: string; readonly kind: RenderedKind } | undefined => {
  const [, batch, kind] = /^file-([0-9a-f]{32})-(output|errors)$/.exec(id) ?? []
  return batch === undefined ? undefined : { batchId: `batch_${batch}`, kind: kind as RenderedKind }
}

/** A rendered file as OpenAI shows it. How long it is, nobody knows before it is rendered. */
export const renderedFileObject = (batch: BatchRow, kind: RenderedKind): object => ({
  id: renderedId(batch, kind),
  object: 'file',
  bytes: 0,
  created_at: seconds(batch.finishedAt ?? batch.createdAt),
  filename: `${batch.id}_${kind}.jsonl`,
  purpose: 'batch_output',
  status: 'processed',
})
