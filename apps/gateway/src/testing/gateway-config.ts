import { readSettings } from '@foreman/process'
import path from 'node:path'
import { type GatewayConfig, gatewaySettings } from '../settings.ts'
import { tempDirectory } from './temp-store.ts'

/** The settings of a gateway with an empty queue, on a free port, in front of a target that is away. */
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
