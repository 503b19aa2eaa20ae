import { goJson } from '../go/encode.ts'
import type { Model } from './catalogue.ts'

export interface ToolCall {
  function: { name: string; arguments: unknown }
}

export interface Message {
  role: string
  content: string
  thinking?: string
  tool_calls?: ToolCall[]
}

export interface Tool {
  type: string
  function: {
    name: string
    description: string
    parameters: { type: string; items?: unknown; $defs?: unknown; required?: string[]; properties?: unknown }
  }
}

/** Consecutive messages of one role become one, tool results excepted. */
const collate = (messages: readonly Message[]): Message[] => {
  const collated: Message[] = []
  for (const message of messages) {
    const last = collated.at(-1)
    if (last !== undefined && last.role === message.role && message.role !== 'tool') {
      last.content += `\n\n${message.content}`
    } else collated.push({ ...message })
  }
  return collated
}

/** A tool as Go prints the struct: the template puts it in with `{{ . }}`. */
const printTool = ({ type, function: { name, description, parameters } }: Tool): string => {
  const nil = (value: unknown) => (value === undefined || value === null ? '<nil>' : goJson(value))
  const { required = [], properties } = parameters
  const inner = `${parameters.type} ${nil(parameters.$defs)} ${nil(parameters.items)} [${required.join(' ')}] ${goJson(properties ?? {})}`
  return `{${type} <nil> {${name} ${description} {${inner}}}}`
}

/** The prompt that the model's template makes of a conversation. */
export const renderChat = (
  model: Model,
  messages: readonly Message[],
  tools: readonly Tool[] = [],
): string => {
  const usesTools = model.capabilities.includes('tools')
  const usesThinking = model.capabilities.includes('thinking')
  const parts = usesTools ? tools.map(printTool) : []
  for (const { role, content, thinking, tool_calls: calls } of collate(messages)) {
    const thought = usesThinking && thinking ? `<think>${thinking}</think>` : ''
    const called =
      usesTools && calls?.length
        ? `<tool_call>${calls.map(call => `{"name": "${call.function.name}", "arguments": ${goJson(call.function.arguments)}}`).join('')}</tool_call>`
        : ''
    parts.push(`<|im_start|>${role} ${thought}${content}${called}<|im_end|>`)
  }
  return parts.join('') + model.opening
}

/** A template of the request's own. Only its variables are filled in; its actions are not simulated. */
export const renderTemplate = (template: string, values: { system: string; prompt: string }): string =>
  template
    .replaceAll(/\{\{-?\s*\.System\s*-?\}\}/g, () => values.system)
    .replaceAll(/\{\{-?\s*\.Prompt\s*-?\}\}/g, () => values.prompt)
    .replaceAll(/\{\{-?\s*\.Response\s*-?\}\}/g, '')
