/** Whether the browser has a small window for the meeting (Document Picture-in-Picture, or Picture-in-Picture of a video element). */
export interface DocumentPip {
  requestWindow(options: { width: number; height: number }): Promise<Window>;
}
export const documentPip = (): DocumentPip | undefined => (window as { documentPictureInPicture?: DocumentPip }).documentPictureInPicture;

export const canPip = (): boolean => documentPip() !== undefined || document.pictureInPictureEnabled === true;
