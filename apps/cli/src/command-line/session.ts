import type { ForemanClient } from '@foreman/foreman-client'
import type { Environment } from '@foreman/process'
import type { FullScreen } from '../output/full-screen.ts'
import type { Screen } from '../output/screen.ts'

/** What a command works with. */
export interface Session {
  /** The foreman that is meant. It is looked up when it is first asked for. */
  readonly client: ForemanClient
  readonly screen: Screen
  /** The whole terminal. */
  readonly fullScreen: FullScreen
  readonly stdin: NodeJS.ReadStream
  readonly environment: Environment
  /** Aborts when the command has to end: at Ctrl-C, SIGTERM or the end of `--timeout`. */
  readonly signal: AbortSignal
}
