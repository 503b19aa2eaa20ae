import type { ComponentChildren } from 'preact'

interface PanelProps {
  readonly title: string
  /** Beside the title: a number, or a word. */
  readonly aside?: ComponentChildren
  readonly children: ComponentChildren
}

/** A part of a screen, under a heading of its own. */
export const Panel = ({ title, aside, children }: PanelProps) => {
  const id = `panel-${title.toLowerCase().replaceAll(/\W+/g, '-')}`
  return (
    <section class="panel" aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {aside !== undefined && <div class="aside">{aside}</div>}
      </header>
      {children}
    </section>
  )
}
