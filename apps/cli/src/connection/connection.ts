import { ForemanClient } from '@foreman/foreman-client'
import type { Environment } from '@foreman/process'
import { type Target, type TargetFlags, targetOf } from './target.ts'

/** The foreman that a command asks. Flags and settings are read when it is first asked for. */
export class Connection {
  readonly #flags: TargetFlags
  readonly #environment: Environment
  #opened: { readonly client: ForemanClient; readonly target: Target } | undefined

  constructor(flags: TargetFlags, environment: Environment) {
    this.#flags = flags
    this.#environment = environment
  }

  /** @throws UsageError or SettingError when it is not clear which foreman is meant */
  get client(): ForemanClient {
    return this.#open().client
  }

  /** Undefined as long as no client was asked for. */
  get target(): Target | undefined {
    return this.#opened?.target
  }

  #open() {
    if (this.#opened) return this.#opened
    const target = targetOf(this.#flags, this.#environment)
    const client = new ForemanClient({ url: target.url, token: target.token })
    return (this.#opened = { client, target })
  }
}
