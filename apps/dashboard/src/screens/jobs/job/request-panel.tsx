import { type Job, sizeInWords } from '@foreman/jobs'
import { useMemo, useState } from 'preact/hooks'
import { send } from '../../../api/api.ts'
import { ApiError } from '../../../api/problem.ts'
import { needsToken, session } from '../../../api/session.ts'
import { curlLine } from '../../../format/curl.ts'
import { visible } from '../../../format/visible.ts'
import { useResource } from '../../../live/use-resource.ts'
import { LongText } from '../../../long-text/long-text.tsx'
import { TextLog } from '../../../long-text/text-log.ts'
import { useStore } from '../../../store/use-store.ts'
import { Button } from '../../../ui/button.tsx'
import { CopyButton } from '../../../ui/copy-button.tsx'
import { Empty, ErrorNote } from '../../../ui/note.tsx'
import { Panel } from '../../../ui/panel.tsx'
import { prettyJson, type RequestImage, type Said, saidIn } from './request-body.ts'

/** What is fetched without being asked for. */
const AT_ONCE_BYTES = 4_000_000

interface Fetched {
  readonly size: number
  /** Undefined: it is long, and nobody has asked for all of it. */
  readonly text?: string
}

/** What was asked. */
export const RequestPanel = ({ job }: { readonly job: Job }) => {
  const role = useStore(session.state, ({ you }) => you?.role)
  return (
    <Panel title="Request" aside={<code>{visible(job.endpoint)}</code>}>
      {role === 'viewer' ? (
        <Empty>Viewers do not see what jobs ask and what is answered.</Empty>
      ) : (
        <Request job={job} />
      )}
    </Panel>
  )
}

const Request = ({ job: { id, endpoint } }: { readonly job: Job }) => {
  const [wantsAll, setWantsAll] = useState(false)
  const { value, error, reload } = useResource(`request ${id} ${wantsAll}`, signal =>
    fetchRequest(id, wantsAll ? Infinity : AT_ONCE_BYTES, signal),
  )
  if (error instanceof ApiError && error.status === 410)
    return <Empty>The request is no longer kept: foreman deletes it together with the answer.</Empty>
  if (error instanceof ApiError && error.status === 403) return <Empty>{error.message}</Empty>
  if (error !== undefined) return <ErrorNote error={error} retry={reload} />
  if (!value) return <p class="muted">Looking …</p>
  if (value.text === undefined)
    return (
      <div class="more">
        <span>The request has {sizeInWords(value.size)}.</span>
        <Button onClick={() => setWantsAll(true)}>Show all of it</Button>
      </div>
    )
  return <Body text={value.text} endpoint={endpoint} />
}

const fetchRequest = async (id: string, atMost: number, signal: AbortSignal): Promise<Fetched> => {
  const response = await send(`/jobs/${encodeURIComponent(id)}/request`, { signal, accept: '*/*' })
  const size = Number(response.headers.get('Content-Length') ?? 0)
  if (size <= atMost) return { size, text: await response.text() }
  await response.body?.cancel()
  return { size }
}

interface BodyProps {
  readonly text: string
  readonly endpoint: string
}

/** A shell takes no longer one everywhere. */
const MAX_COMMAND_CHARACTERS = 30_000

const Body = ({ text, endpoint }: BodyProps) => {
  const hasTokens = useStore(session.state, needsToken)
  const { said, whole, isJson } = useMemo(() => read(text), [text])
  const { href } = new URL(`..${endpoint}`, location.href)
  return (
    <>
      {said.map((each, n) => (
        <SaidPart key={n} said={each} />
      ))}
      {said.length === 0 ? (
        <Cut text={whole} label="Request" />
      ) : (
        <details class="part">
          <summary>All of the request</summary>
          <Cut text={whole} label="All of the request" />
        </details>
      )}
      {isJson && text.length <= MAX_COMMAND_CHARACTERS && (
        <div class="more">
          <span>As a command line, which sends it again</span>
          <CopyButton text={curlLine({ url: href, hasTokens, json: text })} what="command" />
        </div>
      )}
    </>
  )
}

const read = (text: string): { said: readonly Said[]; whole: string; isJson: boolean } => {
  try {
    const request: unknown = JSON.parse(text)
    return { said: saidIn(request), whole: prettyJson(request), isJson: true }
  } catch {
    return { said: [], whole: text, isJson: false }
  }
}

const SaidPart = ({ said: { role, text, images } }: { readonly said: Said }) => (
  <div class="part">
    <h3>{visible(role)}</h3>
    {text !== '' && <Cut text={text} label={role} />}
    {images.length > 0 && (
      <div class="images">
        {images.map((image, n) => (
          <Picture key={n} image={image} />
        ))}
      </div>
    )}
  </div>
)

const Picture = ({ image: { url, bytes: size } }: { readonly image: RequestImage }) => (
  <figure>
    {url !== undefined && <img src={url} alt="" />}
    <figcaption>image, {sizeInWords(size)}</figcaption>
  </figure>
)

const SHOWN_CHARACTERS = 4_000

/** A text whose end is shown when somebody asks for it. */
const Cut = ({ text, label }: { readonly text: string; readonly label: string }) => {
  const [isAll, setAll] = useState(false)
  const isCut = !isAll && text.length > SHOWN_CHARACTERS * 1.5
  const blocks = useMemo(() => {
    const log = new TextLog()
    log.append(isCut ? `${text.slice(0, SHOWN_CHARACTERS)} …` : text)
    return log.blocks
  }, [text, isCut])
  return (
    <>
      <LongText blocks={blocks} label={label} />
      {isCut && (
        <div class="more">
          <span>
            The first {sizeInWords(SHOWN_CHARACTERS)} of {sizeInWords(text.length)}.
          </span>
          <Button onClick={() => setAll(true)}>Show all</Button>
        </div>
      )}
    </>
  )
}
