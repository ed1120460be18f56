//! What we write, as another implementation reads it.

use crate::engine::forward::{
    rtcp::{self, ReportBlock, SenderInfo},
    transport_cc::Recorder,
};
use bytes::BytesMut;
use rtc_rtcp::{
    packet::{Packet, unmarshal},
    payload_feedbacks::picture_loss_indication::PictureLossIndication,
    receiver_report::ReceiverReport,
    sender_report::SenderReport,
    source_description::SourceDescription,
    transport_feedbacks::{transport_layer_cc::TransportLayerCc, transport_layer_nack::TransportLayerNack},
};
use std::time::Duration;

fn of<T: 'static>(packets: &[Box<dyn Packet>]) -> Vec<&T> {
    packets.iter().filter_map(|packet| packet.as_any().downcast_ref()).collect()
}

#[test]
fn a_compound_of_everything() {
    let block =
        ReportBlock { ssrc: 7, fraction_lost: 9, cumulative_lost: 11, highest_sequence: 1 << 20, jitter: 13, last_report: 15, delay: 17 };
    let mut out = BytesMut::new();
    rtcp::write_sender_report(&mut out, &SenderInfo { ssrc: 1, ntp: 0x1234_5678_9abc_def0, rtp_timestamp: 3, packets: 4, octets: 5 });
    rtcp::write_cname(&mut out, 1, "sidang");
    rtcp::write_receiver_report(&mut out, 2, &[block, ReportBlock { ssrc: 8, ..block }]);
    rtcp::write_nack(&mut out, 2, 7, &[65_530, 65_535, 3, 40]);
    rtcp::write_picture_loss(&mut out, 2, 7);
    let packets = unmarshal(&mut &out[..]).expect("readable");
    let sender = of::<SenderReport>(&packets)[0];
    assert_eq!((sender.ssrc, sender.ntp_time, sender.rtp_time, sender.packet_count), (1, 0x1234_5678_9abc_def0, 3, 4));
    assert_eq!(of::<SourceDescription>(&packets)[0].chunks[0].items[0].text, "sidang");
    let reports = &of::<ReceiverReport>(&packets)[0].reports;
    assert_eq!((reports.len(), reports[1].ssrc, reports[0].fraction_lost, reports[0].total_lost, reports[0].delay), (2, 8, 9, 11, 17));
    let nack = of::<TransportLayerNack>(&packets)[0];
    let numbers: Vec<u16> = nack.nacks.iter().flat_map(|pair| pair.packet_list()).collect();
    assert_eq!((nack.media_ssrc, numbers), (7, vec![65_530, 65_535, 3, 40]));
    assert_eq!(of::<PictureLossIndication>(&packets)[0].media_ssrc, 7);
}

#[test]
fn transport_wide_feedback() {
    let (mut recorder, mut out) = (Recorder::default(), BytesMut::new());
    let mut time = Duration::from_millis(70_000);
    let mut arrived = 0;
    for number in 0..120u16 {
        time += Duration::from_micros(if number == 60 { 200_000 } else { 2_750 });
        if number % 7 != 3 {
            recorder.record(65_500u16.wrapping_add(number), time);
            arrived += 1;
        }
    }
    while recorder.write(&mut out, 1, 2) {}
    let packets = unmarshal(&mut &out[..]).expect("readable");
    let feedback = of::<TransportLayerCc>(&packets);
    assert_eq!(feedback.len(), 1);
    let feedback = feedback[0];
    assert_eq!((feedback.base_sequence_number, feedback.packet_status_count), (65_500, 120));
    assert_eq!(feedback.recv_deltas.len(), arrived);
    let last = i64::from(feedback.reference_time) * 64_000 + feedback.recv_deltas.iter().map(|delta| delta.delta).sum::<i64>();
    assert_eq!(last, time.as_micros() as i64);
}
