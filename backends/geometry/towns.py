"""Towns of Europe and of the world, so that a place can be named instead of clicked."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Town:
    """A town: its English name, the code of its country (ISO 3166-1), and where its middle is, degrees north and east."""

    name: str
    country: str
    latitude: float
    longitude: float


def within(south: float, north: float, west: float, east: float) -> tuple[Town, ...]:
    """Return the towns between two parallels and from one meridian eastwards to the other, in the order of their names.

    Parameters
    ----------
    south, north
        Degrees north.
    west, east
        Degrees east, on any branch; `east` is greater, also across the dateline.
    """
    return tuple(
        town for town in TOWNS
        if south <= town.latitude <= north and (town.longitude - west) % 360 <= east - west
    )  # fmt: skip


#: Coordinates to a hundredth of a degree, about a kilometre.
TOWNS = tuple(
    Town(*row)
    for row in sorted([
        # The British Isles
        ("Aberdeen", "GB", 57.14, -2.10),
        ("Belfast", "GB", 54.60, -5.93),
        ("Birmingham", "GB", 52.48, -1.90),
        ("Bristol", "GB", 51.45, -2.58),
        ("Cambridge", "GB", 52.20, 0.12),
        ("Cardiff", "GB", 51.48, -3.18),
        ("Cork", "IE", 51.90, -8.47),
        ("Dublin", "IE", 53.35, -6.26),
        ("Edinburgh", "GB", 55.95, -3.19),
        ("Exeter", "GB", 50.72, -3.53),
        ("Galway", "IE", 53.27, -9.05),
        ("Glasgow", "GB", 55.86, -4.25),
        ("Inverness", "GB", 57.48, -4.22),
        ("Leeds", "GB", 53.80, -1.55),
        ("Liverpool", "GB", 53.41, -2.98),
        ("London", "GB", 51.51, -0.13),
        ("Manchester", "GB", 53.48, -2.24),
        ("Newcastle", "GB", 54.97, -1.61),
        ("Norwich", "GB", 52.63, 1.30),
        ("Oxford", "GB", 51.75, -1.26),
        ("Plymouth", "GB", 50.37, -4.14),
        ("Reading", "GB", 51.45, -0.97),
        ("Southampton", "GB", 50.90, -1.40),
        ("York", "GB", 53.96, -1.08),
        # Central Europe
        ("Amsterdam", "NL", 52.37, 4.90),
        ("Basel", "CH", 47.56, 7.59),
        ("Berlin", "DE", 52.52, 13.41),
        ("Bern", "CH", 46.95, 7.45),
        ("Bratislava", "SK", 48.15, 17.11),
        ("Brno", "CZ", 49.20, 16.61),
        ("Brussels", "BE", 50.85, 4.35),
        ("Budapest", "HU", 47.50, 19.04),
        ("Cologne", "DE", 50.94, 6.96),
        ("Dresden", "DE", 51.05, 13.74),
        ("Frankfurt am Main", "DE", 50.11, 8.68),
        ("Gdańsk", "PL", 54.35, 18.65),
        ("Geneva", "CH", 46.20, 6.15),
        ("Graz", "AT", 47.07, 15.44),
        ("Hamburg", "DE", 53.55, 9.99),
        ("Hanover", "DE", 52.37, 9.73),
        ("Innsbruck", "AT", 47.26, 11.39),
        ("Karlsruhe", "DE", 49.01, 8.40),
        ("Kraków", "PL", 50.06, 19.94),
        ("Leipzig", "DE", 51.34, 12.37),
        ("Luxembourg", "LU", 49.61, 6.13),
        ("Munich", "DE", 48.14, 11.58),
        ("Nuremberg", "DE", 49.45, 11.08),
        ("Offenbach am Main", "DE", 50.10, 8.77),
        ("Potsdam", "DE", 52.40, 13.06),
        ("Poznań", "PL", 52.41, 16.93),
        ("Prague", "CZ", 50.08, 14.42),
        ("Rostock", "DE", 54.09, 12.14),
        ("Stuttgart", "DE", 48.78, 9.18),
        ("Vienna", "AT", 48.21, 16.37),
        ("Warsaw", "PL", 52.23, 21.01),
        ("Wrocław", "PL", 51.10, 17.03),
        ("Zürich", "CH", 47.37, 8.55),
        # Northern and eastern Europe
        ("Bergen", "NO", 60.39, 5.32),
        ("Chișinău", "MD", 47.01, 28.86),
        ("Copenhagen", "DK", 55.68, 12.57),
        ("Gothenburg", "SE", 57.71, 11.97),
        ("Helsinki", "FI", 60.17, 24.94),
        ("Kyiv", "UA", 50.45, 30.52),
        ("Lviv", "UA", 49.84, 24.03),
        ("Minsk", "BY", 53.90, 27.57),
        ("Moscow", "RU", 55.75, 37.62),
        ("Odesa", "UA", 46.48, 30.73),
        ("Oslo", "NO", 59.91, 10.75),
        ("Reykjavík", "IS", 64.14, -21.90),
        ("Riga", "LV", 56.95, 24.11),
        ("Stockholm", "SE", 59.33, 18.07),
        ("Tallinn", "EE", 59.44, 24.75),
        ("Tórshavn", "FO", 62.01, -6.77),
        ("Tromsø", "NO", 69.65, 18.96),
        ("Trondheim", "NO", 63.43, 10.40),
        ("Vilnius", "LT", 54.69, 25.28),
        # Western and southern Europe
        ("Athens", "GR", 37.98, 23.73),
        ("Barcelona", "ES", 41.39, 2.17),
        ("Belgrade", "RS", 44.80, 20.47),
        ("Bilbao", "ES", 43.26, -2.93),
        ("Bologna", "IT", 44.49, 11.34),
        ("Bordeaux", "FR", 44.84, -0.58),
        ("Brest", "FR", 48.39, -4.49),
        ("Bucharest", "RO", 44.43, 26.10),
        ("Istanbul", "TR", 41.01, 28.95),
        ("Lille", "FR", 50.63, 3.06),
        ("Lisbon", "PT", 38.72, -9.13),
        ("Ljubljana", "SI", 46.05, 14.51),
        ("Lyon", "FR", 45.76, 4.84),
        ("Madrid", "ES", 40.42, -3.70),
        ("Marseille", "FR", 43.30, 5.37),
        ("Milan", "IT", 45.46, 9.19),
        ("Naples", "IT", 40.85, 14.27),
        ("Nice", "FR", 43.70, 7.27),
        ("Palermo", "IT", 38.12, 13.36),
        ("Paris", "FR", 48.85, 2.35),
        ("Porto", "PT", 41.15, -8.61),
        ("Rome", "IT", 41.90, 12.50),
        ("Sarajevo", "BA", 43.85, 18.36),
        ("Seville", "ES", 37.39, -5.98),
        ("Skopje", "MK", 42.00, 21.43),
        ("Sofia", "BG", 42.70, 23.32),
        ("Strasbourg", "FR", 48.58, 7.75),
        ("Thessaloniki", "GR", 40.64, 22.94),
        ("Tirana", "AL", 41.33, 19.82),
        ("Toulouse", "FR", 43.60, 1.44),
        ("Turin", "IT", 45.07, 7.69),
        ("Valencia", "ES", 39.47, -0.38),
        ("Venice", "IT", 45.44, 12.33),
        ("Zagreb", "HR", 45.81, 15.98),
        # The world
        ("Anchorage", "US", 61.22, -149.90),
        ("Auckland", "NZ", -36.85, 174.76),
        ("Bangkok", "TH", 13.75, 100.50),
        ("Beijing", "CN", 39.91, 116.40),
        ("Boulder", "US", 40.01, -105.27),
        ("Buenos Aires", "AR", -34.61, -58.38),
        ("Cairo", "EG", 30.04, 31.24),
        ("Cape Town", "ZA", -33.93, 18.42),
        ("Chicago", "US", 41.88, -87.63),
        ("Delhi", "IN", 28.65, 77.23),
        ("Dubai", "AE", 25.08, 55.31),
        ("Honolulu", "US", 21.31, -157.86),
        ("Jakarta", "ID", -6.21, 106.85),
        ("Johannesburg", "ZA", -26.20, 28.04),
        ("Lagos", "NG", 6.45, 3.39),
        ("Lima", "PE", -12.04, -77.03),
        ("Los Angeles", "US", 34.05, -118.24),
        ("Melbourne", "AU", -37.81, 144.96),
        ("Mexico City", "MX", 19.43, -99.13),
        ("Montreal", "CA", 45.51, -73.59),
        ("Mumbai", "IN", 19.07, 72.88),
        ("Nairobi", "KE", -1.28, 36.82),
        ("New York", "US", 40.71, -74.01),
        ("Nuuk", "GL", 64.18, -51.72),
        ("Rio de Janeiro", "BR", -22.91, -43.18),
        ("San Francisco", "US", 37.77, -122.42),
        ("Santiago", "CL", -33.46, -70.65),
        ("Seoul", "KR", 37.57, 126.98),
        ("Shanghai", "CN", 31.22, 121.46),
        ("Singapore", "SG", 1.29, 103.85),
        ("Suva", "FJ", -18.14, 178.44),
        ("Sydney", "AU", -33.87, 151.21),
        ("Tehran", "IR", 35.69, 51.42),
        ("Tokyo", "JP", 35.69, 139.69),
        ("Toronto", "CA", 43.70, -79.42),
        ("Vancouver", "CA", 49.25, -123.12),
        ("Washington", "US", 38.90, -77.04),
    ])
)  # fmt: skip
