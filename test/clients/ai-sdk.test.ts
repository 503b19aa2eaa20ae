import { tryEverything } from './battery.ts'
import { viaAiSdkOllama, viaProviderV2 } from './drivers/ai-sdk.ts'

const silent = 'ollama-ai-provider-v2-errors-in-mid-stream'
tryEverything(viaProviderV2, { failedPieces: silent, toldWhy: silent })

const leaving = 'ai-sdk-ollama-leaving'
tryEverything(viaAiSdkOllama, { leavePieces: leaving, leaveWaiting: leaving, leaveWhole: leaving })
