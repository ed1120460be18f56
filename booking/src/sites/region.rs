//! The thirteen states and three federal territories: whose holidays and weekends a site keeps.

use crate::names::names;

names! {
    /// A state or federal territory of Malaysia.
    Region {
        Johor = "johor",
        Kedah = "kedah",
        Kelantan = "kelantan",
        Melaka = "melaka",
        NegeriSembilan = "negeri_sembilan",
        Pahang = "pahang",
        Perak = "perak",
        Perlis = "perlis",
        PulauPinang = "pulau_pinang",
        Sabah = "sabah",
        Sarawak = "sarawak",
        Selangor = "selangor",
        Terengganu = "terengganu",
        KualaLumpur = "wp_kuala_lumpur",
        Labuan = "wp_labuan",
        Putrajaya = "wp_putrajaya",
    }
}
