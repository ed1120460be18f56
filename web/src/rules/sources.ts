/** The documents that set the rules, oldest first. Where two disagree the later one stands. */
export type SourceKey = 'G2014' | 'IPMS' | 'P2017' | 'GC2022' | 'MGUC';

export const SOURCES: Record<SourceKey, { ms: string; en: string }> = {
  G2014: {
    ms: 'Garis Panduan Perkhidmatan Satu Komunikasi Bersepadu Kerajaan (1GovUC), Januari 2014',
    en: 'Guideline on the One Government Unified Communication service (1GovUC), January 2014',
  },
  IPMS: {
    ms: 'Prosedur Operasi Standard Pengurusan Perkhidmatan Identity Provisioning Management System (IPMS), 2015',
    en: 'Standard operating procedure of the Identity Provisioning Management System (IPMS), 2015',
  },
  P2017: {
    ms: 'Pekeliling Transformasi Pentadbiran Awam Bil. 3 Tahun 2017: Pengurusan Perkhidmatan Komunikasi Bersepadu Kerajaan (1GovUC)',
    en: 'Administrative transformation circular 3/2017: management of the unified communication service (1GovUC)',
  },
  GC2022: {
    ms: 'Surat Arahan Ketua Pengarah MAMPU Bil. 1 Tahun 2022: Garis Panduan Pelaksanaan Aplikasi GovChat',
    en: 'Directive of the Director General of MAMPU 1/2022: guideline on GovChat',
  },
  MGUC: {
    ms: 'Garis Panduan Tadbir Urus Perkhidmatan Komunikasi dan Kolaboratif Bersepadu Kerajaan (MyGovUC)',
    en: 'Governance guideline of the unified communication and collaboration service (MyGovUC)',
  },
};

/** The document of the first citation in a source line: the newest that a rule leans on stands last, so the last is taken. */
export function mainSource(citation: string): SourceKey | null {
  const keys = [...citation.matchAll(/\b(G2014|IPMS|P2017|GC2022|MGUC)\b/g)].map((it) => it[1] as SourceKey);
  return keys.at(-1) ?? null;
}
