import { withEnvFile } from '@foreman/process'
import { parseSecrets, VerificationError, verify } from '@foreman/webhooks'
import { readFileSync } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import type { Session } from '../command-line/session.ts'
import { exitCodes } from '../failures/exit-codes.ts'
import { UsageError } from '../failures/usage-error.ts'

interface Message {
  readonly id: string
  readonly timestamp: string
  readonly signature: string
  readonly file: string
}

/** Verifies the signature of a webhook that somebody has kept, whenever it was sent. Exits with 1 if it is not right. */
export const verifyMessage = async (
  { id, timestamp, signature, file }: Message,
  { screen, stdin, environment }: Session,
): Promise<number> => {
  const secrets = parseSecrets(withEnvFile(environment)['FOREMAN_WEBHOOK_SECRET'] ?? '')
  if (!secrets?.length)
    throw new UsageError('FOREMAN_WEBHOOK_SECRET must be the secret that foreman signs with: set it')
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature }
  try {
    const body = file === '-' ? await buffer(stdin) : readBody(file)
    verify({ secrets, headers, body, toleranceSeconds: Infinity })
    if (screen.isJson) screen.json({ verified: true })
    else screen.print('verified')
    return 0
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error
    if (screen.isJson) screen.json({ verified: false, code: error.code })
    else screen.print(`refused: ${error.code}`)
    screen.say(`foreman: ${error.message}: compare the secret, and give the body exactly as it arrived`)
    return exitCodes.failed
  }
}

const readBody = (file: string): Buffer => {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new UsageError(`the body cannot be read: ${(error as Error).message}`, { cause: error })
  }
}
