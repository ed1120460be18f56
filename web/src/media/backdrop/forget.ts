/** Apart from the rest, because signing out asks for it and nothing more. */
export async function forgetOwn(): Promise<void> {
  try {
    await caches.delete('sidang.backdrop');
  } catch {
    // storage may be forbidden: then nothing was kept
  }
}
