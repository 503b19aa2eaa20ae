import { identitiesOf } from '@foreman/gateway/access/identities'
import { isLoopback } from '@foreman/gateway/access/loopback'
import { type Environment, foremanEnvironment, readAndShow } from '@foreman/process'
import { startSettings } from '../../start/settings.ts'
import type { SettingsFacts } from '../facts.ts'

/** The settings of this directory, and where they say that the target is, if they do. */
export interface SettingsHere {
  readonly facts: SettingsFacts
  readonly targetUrl: string | undefined
  readonly targetToken: string | undefined
}

/** Reads the settings as the processes do. */
export const lookAtSettings = (environment: Environment): SettingsHere => {
  try {
    const env = () => foremanEnvironment(environment, startSettings)
    const { values, shown } = readAndShow(startSettings, { command: 'foreman', summary: '', argv: [], env })
    const { addr, token, tokens, operatorToken } = values
    return {
      facts: {
        problem: undefined,
        shown,
        isOpenToOthers: !isLoopback(addr.host),
        hasTokens: identitiesOf(values).length > 0,
        callers: tokens.length + (token === undefined ? 0 : 1),
        hasOperator: operatorToken !== undefined,
        allowsAllOrigins: values.origins.any,
        hasWebhookSecret: values.webhookSecret.length > 0,
        minFreeBytes: values.minFree,
      },
      targetUrl: values.ollamaUrl,
      targetToken: values.ollamaToken,
    }
  } catch (error) {
    return {
      facts: { ...NONE, problem: (error as Error).message },
      targetUrl: undefined,
      targetToken: undefined,
    }
  }
}

const NONE: Omit<SettingsFacts, 'problem'> = {
  shown: [],
  isOpenToOthers: false,
  hasTokens: false,
  callers: 0,
  hasOperator: false,
  allowsAllOrigins: false,
  hasWebhookSecret: false,
  minFreeBytes: 0,
}
