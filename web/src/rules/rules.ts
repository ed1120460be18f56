/** The rules that the service keeps, in short, with their sources. The identifiers are those of `wire`. */
import type { Rule } from '@/signal/wire/Rule';

export type RuleText = { ms: string; en: string; source: string };

export const RULES: Record<Rule, RuleText> = {
  'TP-1': { ms: 'Telepresence menghubungkan dua tapak atau lebih dengan audio dan video definisi tinggi. Tiga tapak pertama: MAMPU Cyberjaya, MAMPU Cawangan Sarawak dan MAMPU Cawangan Sabah.', en: 'Telepresence joins two or more sites in high definition audio and video. The first three: MAMPU Cyberjaya, MAMPU Cawangan Sarawak and MAMPU Cawangan Sabah.', source: 'G2014 3(i), 4.3; P2017 3(ii)(h)' },
  'TP-2': { ms: 'Tempahan dibuat sekurang-kurangnya tiga hari sebelum hari penggunaan, dikira mengikut hari kalendar Malaysia.', en: 'A booking is made at least three days before the day of use, counted in Malaysian calendar days.', source: 'G2014 6.2(c)(I); P2017 11' },
  'TP-3': { ms: 'Paling ramai enam orang menggunakan telepresence di satu tapak pada satu masa.', en: 'At most six people use telepresence at one site at one time.', source: 'G2014 6.2(c)(II); P2017 12(ii)' },
  'TP-4': { ms: 'Terbuka kepada semua agensi sektor awam. Pentadbir UC agensi memohon; agensi pusat meluluskan atau menolak, dengan sebab.', en: 'Open to every public sector agency. The agency’s UC administrator applies; the central agency approves or refuses, with a reason.', source: 'G2014 4.3(b), 7.4(f); P2017 11, 18(iv)' },
  'TP-5': { ms: 'Untuk urusan rasmi sahaja: pemohon menyatakan tujuan dan mengisytiharkannya rasmi.', en: 'Official use only: the applicant states the purpose and declares it official.', source: 'G2014 6.3(d)(I); P2017 12(i)' },
  'TP-6': { ms: 'Peralatan dijaga, dan setiap kerosakan bilik atau peralatan dilaporkan.', en: 'Equipment is kept safe, and every fault in a room or its equipment is reported.', source: 'G2014 6.3(d)(III), 6.4(c)(I); P2017 12(iii)-(iv)' },
  'TP-7': { ms: 'Bilik dan peralatan ditinggalkan dalam keadaan baik: setiap penggunaan berakhir dengan laporan keadaan.', en: 'The room and its equipment are left in good condition: each use ends with a condition report.', source: 'G2014 6.4(c)(II); P2017 12(v)' },
  'TP-8': { ms: 'Telepresence disulitkan.', en: 'Telepresence is encrypted.', source: 'G2014 5.0(b); P2017 4(iii)' },
  'MEET-1': { ms: 'Mesyuarat video daripada pelayar web di komputer, atau daripada peranti mudah alih.', en: 'Video meetings from a web browser on a computer, or from a mobile device.', source: 'MGUC 1.2.2 A(iii)1' },
  'MEET-2': { ms: 'Sembang teks semasa mesyuarat.', en: 'Text chat during the meeting.', source: 'MGUC 1.2.2 A(iii)2' },
  'MEET-3': { ms: 'Mesyuarat boleh dirakam dan videonya disimpan, jika CLASS-3 membenarkannya.', en: 'A meeting can be recorded and its video stored, where CLASS-3 allows it.', source: 'MGUC 1.2.2 A(iii)3' },
  'MEET-4': { ms: 'Perkongsian skrin; pengguna diingatkan supaya menutup apa yang tidak berkaitan.', en: 'Screen sharing; the user is reminded to close what is not related.', source: 'MGUC 1.2.2 A(iii)4, 3.2 B(ii)' },
  'MEET-5': { ms: 'Angkat tangan, atau gunakan sembang, sebelum bertanya.', en: 'Raise hand, or chat, before asking a question.', source: 'MGUC 3.2 B(iii)' },
  'MEET-6': { ms: 'Sebelum mesyuarat, pegawai memeriksa mikrofon, kamera dan rangkaian berfungsi.', en: 'Before the meeting the officer checks that microphone, camera and network work.', source: 'MGUC 3.2 B(iv)' },
  'MEET-7': { ms: 'Untuk urusan rasmi sahaja.', en: 'Official use only.', source: 'MGUC 3.2 B(i); P2017 12(i)' },
  'MEET-8': { ms: 'Hanya ahli kumpulan mesyuarat itu sendiri boleh sertai: token yang dihadkan kepada bilik itu.', en: 'Only members of the meeting’s own group can join it: a token limited to that room.', source: 'GC2022 1.2(b)(iii)' },
  'MEET-9': { ms: 'Seorang menekan Panggil, yang lain menekan Sertai. Satu dengan satu dan berkumpulan, suara dan video.', en: 'One presses Call, the others press Join. One-to-one and group, voice and video.', source: 'GC2022 2.3.5(b); P2017 3(ii)(c)-(e)' },
  'MEET-10': { ms: 'Latar belakang maya; sembang; berkongsi video untuk ditonton bersama.', en: 'Virtual backgrounds; chat; sharing a video to watch together.', source: 'GC2022 2.3.5(c); MGUC 3.2 B(ii)' },
  'MEET-11': { ms: 'Fail dan aplikasi boleh dikongsi antara peserta.', en: 'Files and applications can be shared between participants.', source: 'P2017 3(ii)(f)' },
  'MEET-12': { ms: 'Kehadiran menunjukkan sama ada seseorang sedang bermesyuarat, tiada, sibuk atau ada.', en: 'Presence shows whether a person is in a meeting, away, busy or available.', source: 'P2017 3(ii)(a)' },
  'MEET-13': { ms: 'Panggilan ke dan daripada nombor telefon tetap dan mudah alih.', en: 'Calls to and from fixed and mobile telephone numbers.', source: 'P2017 3(ii)(g)' },
  'MEET-14': { ms: 'Pengguna mendaftar keluar selepas penggunaan.', en: 'Users sign out after use.', source: 'G2014 6.4(b)' },
  'CLASS-1': { ms: 'Setiap mesyuarat dan tempahan ada klasifikasi: TERBUKA, TERHAD, SULIT, RAHSIA atau RAHSIA BESAR.', en: 'Every meeting and booking carries a classification: TERBUKA, TERHAD, SULIT, RAHSIA or RAHSIA BESAR.', source: 'MGUC 1.4.1(l)' },
  'CLASS-2': { ms: 'RAHSIA dan RAHSIA BESAR tidak boleh dihantar atau disimpan: mesyuarat sedemikian ditolak.', en: 'RAHSIA and RAHSIA BESAR may be neither sent nor stored: such a meeting is refused.', source: 'MGUC 1.4.1(l)(iii), 3.2 A(ii)6' },
  'CLASS-3': { ms: 'Rakaman tidak dibenarkan jika mesyuarat melibatkan rahsia rasmi. Hanya mesyuarat TERBUKA boleh dirakam.', en: 'Recording is not allowed where a meeting involves an official secret. Only a TERBUKA meeting can be recorded.', source: 'MGUC 1.4.1(k), 1.4.1(l)(iv), 3.2 B(vi)' },
  'CLASS-4': { ms: 'TERHAD dan SULIT dibenarkan hanya dengan ciri keselamatan dihidupkan: penyulitan hujung ke hujung, ahli sahaja, pegawai yang disahkan.', en: 'TERHAD and SULIT are allowed only with the security functions on: end-to-end encryption, members only, verified officers.', source: 'MGUC 1.4.1(b), (i), (l)(ii)' },
  'CLASS-5': { ms: 'Maklumat terperingkat tidak dikongsi melalui sembang: mesyuarat TERHAD atau SULIT tiada sembang dan tiada fail.', en: 'Classified information is not shared in chat: a TERHAD or SULIT meeting keeps no chat and takes no files.', source: 'MGUC 3.2 C(ii)' },
  'CLASS-6': { ms: 'Klasifikasi boleh dinaikkan semasa mesyuarat, dan rakaman yang berjalan serta-merta dihentikan dan dimeterai; ia tidak boleh diturunkan.', en: 'Classification can be raised during a meeting, which at once stops and seals a recording that runs; it can never be lowered.', source: 'CLASS-3 (MGUC 1.4.1(k))' },
  'CLASS-7': { ms: 'Apa yang disimpan bagi mesyuarat TERHAD atau SULIT kekal dalam storan di dalam negara, disulitkan.', en: 'What is stored for a TERHAD or SULIT meeting stays in storage inside the country, encrypted.', source: 'MGUC 1.4.1(i)' },
  'SEC-1': { ms: 'Pengesahan pelbagai faktor bagi setiap akaun.', en: 'Multi-factor authentication for every account.', source: 'MGUC 1.2.2, 2.1.1 Jadual 1 no. 4(d), 5(d)' },
  'SEC-2': { ms: 'Penyulitan semasa dihantar dan semasa disimpan.', en: 'Encryption in motion and at rest.', source: 'MGUC 1.4.1(b)' },
  'SEC-3': { ms: 'Hak paling sedikit, perlu mengetahui.', en: 'Least privilege, need to know.', source: 'MGUC 2.1.1 A(viii)' },
  'SEC-4': { ms: 'Daftar masuk tunggal.', en: 'Single sign-on.', source: 'G2014 7.2(g)(iii); MGUC 1.2.2 B(iii)' },
  'SEC-5': { ms: 'Ketersediaan sekurang-kurangnya 99.5 %, tidak termasuk penyelenggaraan berjadual; direplika antara dua pusat data.', en: 'At least 99.5 % availability, planned maintenance not counted; replicated between two data centres.', source: 'P2017 4(i), 5; MGUC 1.5.1' },
  'SEC-6': { ms: 'Pemantauan keselamatan sepanjang masa: jejak audit yang boleh diterima pusat operasi keselamatan.', en: 'Security monitoring round the clock: an audit trail that a security operations centre can take in.', source: 'MGUC 1.4.1(d)' },
  'ID-1': { ms: 'Satu akaun seorang; tiada akaun peribadi dikongsi.', en: 'One account a person; no shared personal accounts.', source: 'MGUC 4.1.1(a)-(b)' },
  'ID-2': { ms: 'Kata laluan: sekurang-kurangnya 12 aksara dengan satu angka, satu huruf besar dan satu simbol. Kata laluan sementara mesti ditukar pada daftar masuk pertama.', en: 'Password: at least 12 characters with a digit, a capital letter and a symbol. A temporary password must be changed at first sign-in.', source: 'IPMS 4.8.1; GC2022 2.3.2(d); MGUC 3.1.4(e)' },
  'ID-3': { ms: 'Pendaftaran dengan kod akses: pentadbir UC menyemak permohonan, mendaftarkan orang dan mengeluarkan kod; pentadbir meluluskan.', en: 'Registration by access code: the UC administrator checks the request, registers the person and issues a code; the administrator approves.', source: 'IPMS 4.1-4.6' },
  'ID-4': { ms: 'Pentadbir mencari, mengemas kini, menyahaktif (dengan sebab dan tarikh), mengaktifkan semula dan menamatkan akaun.', en: 'The administrator finds, updates, disables (with reason and dates), enables and terminates accounts.', source: 'IPMS 4.7-4.12' },
  'ID-5': { ms: 'Akaun dibekukan bagi cuti panjang, kursus atau tatatertib; ditamatkan dalam 30 hari selepas berhenti, dan selepas 90 hari tidak digunakan.', en: 'Accounts are frozen for long leave, courses or discipline; terminated within 30 days of leaving, and after 90 days without use.', source: 'MGUC 4.3.1-4.3.2, Jadual 1 no. 4(c)' },
  'ID-6': { ms: 'Kumpulan (senarai mel): wujud, kemas kini, tambah dan keluarkan ahli, tamat; penjaga kumpulan dimaklumkan.', en: 'Groups (mailing lists): create, update, add and remove members, terminate; the group’s keeper is notified.', source: 'IPMS 4.13-4.19' },
  'ID-7': { ms: 'Setiap orang menukar kata laluan dan profil sendiri, dan menetapkan semula kata laluan melalui e-mel.', en: 'People change their own password and profile, and reset a forgotten password by e-mail.', source: 'IPMS 4.20; GC2022 2.3.3' },
  'ID-8': { ms: 'Kenalan (orang luar): mohon, kemas kini, buang.', en: 'Contacts (outside people): request, update, remove.', source: 'IPMS 4.21-4.23' },
  'ID-9': { ms: 'Akaun tetamu memerlukan permohonan agensi, kelulusan dalam 1–3 hari, pendaftaran dan makluman dalam 1 hari.', en: 'A guest’s account needs an application from an agency, approval in 1–3 days, registration and notice within 1 day.', source: 'GC2022 2.3.1(b), (d), A1, A2' },
  'ID-10': { ms: 'Pentadbir menghasilkan laporan akaun dan penggunaan.', en: 'The administrator produces account and usage reports.', source: 'G2014 4.7(c), 7.4(n); MGUC Jadual 1 no. 4(l)' },
  'CHAT-1': { ms: 'Sembang satu dengan satu dan berkumpulan dengan sejarah; teks, dokumen, imej, audio, video; fail hingga 100 MB.', en: 'One-to-one and group chat with history; text, documents, images, audio, video; files to 100 MB.', source: 'GC2022 1.2(d), 2.3.4(a); MGUC 1.2.2 A(iv)' },
  'CHAT-2': { ms: 'Sunting dan padam dalam masa lima minit selepas dihantar; carian mesej dan fail.', en: 'Editing and deleting within five minutes of sending; search in messages and files.', source: 'GC2022 2.3.4(a)(iv)-(v)' },
  'CHAT-3': { ms: 'Disulitkan hujung ke hujung.', en: 'End-to-end encrypted.', source: 'GC2022 1.2(b)(ii)' },
  'CHAT-4': { ms: 'Saluran awam: diwujudkan pentadbir atas permohonan yang diluluskan; hanya pemiliknya menulis; semua orang berada dalam INFO.', en: 'Public channels: created by the administrator on an approved application, posted to by their owner only; everyone is in INFO.', source: 'GC2022 2.3.4(b), A3' },
  'CHAT-5': { ms: 'Mesyuarat video bermula terus daripada sembang.', en: 'A video meeting starts straight from a chat.', source: 'GC2022 2.3.5(b); MGUC 1.2.2 A(iv)' },
  'CHAT-6': { ms: 'Laporan bulanan: agensi, bilangan pengguna, bilangan saluran awam.', en: 'A monthly report: agency, number of users, number of public channels.', source: 'GC2022 A7' },
  'CHAT-7': { ms: 'Bot menjawab carian dalam dasar dan pekeliling.', en: 'A bot answers searches in policies and circulars.', source: 'GC2022 2.3.6' },
  'DESK-1': { ms: 'Meja bantuan sepanjang masa untuk insiden, aduan dan permohonan.', en: 'A help desk, round the clock, for incidents, complaints and applications.', source: 'G2014 4.6; MGUC 1.2.2 B(v)' },
  'DESK-2': { ms: 'Agensi pusat memantau penggunaan setiap agensi; penggunaan bawah sasaran enam bulan berturut-turut ditandakan.', en: 'The central agency watches each agency’s use; use below the wanted level for six months in a row is flagged.', source: 'MGUC 2.2.1' },
  'TRAIN-1': { ms: 'Latihan: kursus ditawarkan, orang memohon dan hadir, pentadbir mengurus tempat dan senarai.', en: 'Training: courses offered, people apply and attend, administrators manage places and lists.', source: 'MGUC 1.2.2 B(ii)' },
  'PORTAL-1': { ms: 'Portal: maklumat, manual, muat turun dan soalan lazim untuk orang awam; daftar masuk tunggal ke setiap perkhidmatan.', en: 'A portal: information, manuals, downloads and frequent questions for the public; single sign-on to every service.', source: 'G2014 4.5; MGUC 1.2.2 B(iii)' },
  'PORTAL-2': { ms: 'Portal kolaboratif: agensi berkongsi dokumen dan membincangkan hal rasmi.', en: 'A collaborative portal: agencies share documents and discuss official matters.', source: 'G2014 4.4; MGUC 1.2.2 B(iv)' },
  'MAIL-1': { ms: 'E-mel di bawah domain agensi sendiri, melalui web dan mudah alih, dengan arkib, kuota dan notis 90 %.', en: 'E-mail under the agency’s own domain, by web and mobile, with archive, quota and a 90 % notice.', source: 'G2014 4.1, 6.3(b); P2017 3(i), (iv), 10; MGUC 1.2.2 A(i)-(ii)' },
};

export const ALL_RULES = Object.keys(RULES) as Rule[];

export function isRule(value: string): value is Rule {
  return Object.hasOwn(RULES, value);
}

/** `TP` of `TP-2`: the chapter under which a rule stands. */
export function chapterOf(rule: Rule): string {
  return rule.slice(0, rule.indexOf('-'));
}
