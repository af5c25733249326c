/**
 * Whether a topic filter matches a topic, MQTT 3.1.1 §4.7: `+` is any one level, `#` at the end any number of them, the
 * one before it included; neither at the beginning stands for a level that begins with `$`.
 */
export function matchesFilter(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false;
  const [wanted, levels] = [filter.split('/'), topic.split('/')];
  for (const [i, level] of wanted.entries()) {
    if (level === '#') return true;
    if (i >= levels.length || (level !== '+' && level !== levels[i])) return false;
  }
  return wanted.length === levels.length;
}
