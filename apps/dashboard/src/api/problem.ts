import type { Problem } from '@foreman/jobs'

/** Why a request was refused, or not answered. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** 0: there was no answer. */
  readonly status: number
  readonly code: string | undefined

  constructor(status: number, message: string, code?: string) {
    super(message)
    this.status = status
    this.code = code
  }

  /** Whether another token might help. */
  get isAboutRights(): boolean {
    return this.status === 401 || this.status === 403
  }

  /** What was asked about is not there. */
  get isAboutNothing(): boolean {
    return this.status === 404 || this.status === 410
  }

  /** Whether the same request will fail again. */
  get isLasting(): boolean {
    return this.isAboutRights || this.isAboutNothing
  }
}

/** Reads a refusal: problem details (RFC 9457), an error of the target's, or any text. */
export const readProblem = (status: number, body: string): ApiError => {
  const problem = parse(body)
  const message = problem.detail ?? problem.title ?? `the server answered with status ${status}`
  return new ApiError(status, inWords(message), problem.code)
}

const parse = (body: string): Problem => {
  try {
    const { error, ...rest } = JSON.parse(body) as Problem & { error?: string | { message?: string } }
    const detail = typeof error === 'string' ? error : error?.message
    return detail === undefined ? rest : { detail }
  } catch {
    return {}
  }
}

/** Pointers are for programs: `/until: must be in the future` is `until must be in the future`. */
const inWords = (message: string): string => message.replace(/^\/([\w/]+): /, '$1 ')

/** What is said about any failure. */
export const messageOf = (error: unknown): string =>
  error instanceof ApiError ? error.message : 'foreman cannot be reached'
