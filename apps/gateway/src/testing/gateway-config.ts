import { readSettings } from '@foreman/process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { type GatewayConfig, gatewaySettings } from '../settings.ts'

/** A directory of its own for the present test. */
const tempDirectory = (): string => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'foreman-gateway-'))
  onTestFinished(() => fs.rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** The settings of a gateway with a queue of its own, on a free port, before a target that is away. */
export const gatewayConfig = (variables: Record<string, string> = {}): GatewayConfig =>
  readSettings(gatewaySettings, {
    command: 'test',
    summary: '',
    argv: [],
    env: {
      FOREMAN_ADDR: '127.0.0.1:0',
      FOREMAN_OLLAMA_URL: 'http://127.0.0.1:9',
      FOREMAN_DB_PATH: path.join(tempDirectory(), 'queue.db'),
      FOREMAN_MIN_FREE: '0B',
      ...variables,
    },
  })
