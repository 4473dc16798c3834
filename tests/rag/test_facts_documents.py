"""Questions of fact to documents as people have them: tables, sentences with several values, records, other places."""

from pathlib import Path

import pytest
from seeing import without_images  # type: ignore[import-not-found] # beside this file

from rsvlm.rag import Evidence
from rsvlm.rag.composer.facts import fact
from rsvlm.rag.questions import understand
from rsvlm.rag.sources import read_source

DOCUMENTS: tuple[tuple[str, str, dict[str, str | None]], ...] = (
    (
        "a.csv",
        "site,so2,no2,o3,pm25,pm10,co2_ppm\nAlder,3.1,22.4,60,9.5,17,412\nBirch,4.2,1.1,2.2,3.3,4.4,5.5\n",
        {
            "What is the no2 at Alder?": "22.4",
            "What is the NO2 at Alder?": "22.4",
            "What is the pm25 at Birch?": "3.3",
            "What is the ch4 at Birch?": None,
            "What is the o3 at Birch?": "2.2",
            "What is the co2 at Birch?": "5.5",
        },
    ),
    (
        "a.csv",
        "plot,ndvi_mean,b3_mean\nPlot A,0.51,0.2\nPlot B,0.6,0.3\n",
        {
            "What is the b3_mean of Plot A?": "0.2",
            "What is the ndvi of Plot A?": "0.51",
            "What is the ndvi of Plot C?": None,
        },
    ),
    (
        "a.csv",
        "id,biomass\nsite1,10\nsite2,20\n",
        {
            "What is the biomass of site9?": None,
            "What is the biomass of site2?": "20",
        },
    ),
    (
        "a.txt",
        "At site s1 the ndvi was 0.2. At site s2 the ndvi was 0.8.\n",
        {
            "What was the ndvi at site s2?": "At site s2 the ndvi was 0.8.",
            "What was the ndvi at site s1?": "At site s1 the ndvi was 0.2.",
            "What was the ndvi at site s3?": None,
        },
    ),
    (
        "a.txt",
        "The Torvik dam was completed on 12 March 1987 and opened 3 May 1988. Landsat 8 was launched on "
        "February 11, 2013; Landsat 9 on 27 September 2021. The Alder mine was opened in the 19th "
        "century. The Birch mine was closed 05/06/2011. Cedar mine opened 1962-03-04.\n",
        {
            "When was the Torvik dam completed?": "12 March 1987",
            "In what year was the Torvik dam completed?": "12 March 1987",
            "When was the Torvik dam opened?": "3 May 1988",
            "When was Landsat 9 launched?": "27 September 2021",
            "When was Landsat 8 launched?": "February 11, 2013",
            "When was the Birch mine closed?": "05/06/2011",
            "When was the Alder mine opened?": "19th century",
        },
    ),
    (
        "a.csv",
        "site,ndvi,ndvi_date\nAlder,0.4,2020-05-01\n",
        {
            "When was the NDVI of Alder measured?": "2020-05-01",
        },
    ),
    (
        "a.txt",
        "The Ostrava dam is 300 m long. 41 people were evacuated near it.\n",
        {
            "When was the Ostrava dam built?": None,
            "How high is the Ostrava dam?": None,
            "What is the elevation of the Ostrava dam?": None,
            "Who owns the Ostrava dam?": None,
            "Who designed the Ostrava dam?": None,
            "What is the area of the Ostrava dam?": None,
            "What is the purpose of the Ostrava dam?": None,
            "How long is the Ostrava dam?": "300 m",
        },
    ),
    (
        "a.csv",
        "station,elevation,owner\nAlder,412,\n",
        {
            "Who owns Alder?": None,
            "How many stations are there?": None,
            "What is the elevation of Alder?": "412",
        },
    ),
    (
        "a.txt",
        "The elevation of Lake Torvik was 512 m in 2015 and 498 m in 2020. The NDVI of Alder was 0.41 "
        "in May 2019 and 0.62 in June 2019. The population of Brinby was 1,200 in 1990, 3,400 in 2000 "
        "and 5,100 in 2010. In 2003, the population of Vesby was 700 and that of Ostby was 900. Snow "
        "covered 45 % of Norrland in January 2018, up from 30 % in December 2017. Between 2010 and 2015 "
        "the glacier Hofs retreated 120 m; between 2015 and 2020 it retreated 310 m.\n",
        {
            "What was the elevation of Lake Torvik in 2020?": "498 m",
            "What was the elevation of Lake Torvik in 2015?": "512 m",
            "What was the NDVI of Alder in June 2019?": "0.62",
            "What was the NDVI of Alder in May 2019?": "0.41",
            "What was the population of Brinby in 2000?": "3,400",
            "What was the population of Brinby in 2010?": "5,100",
            "What was the population of Ostby in 2003?": "900",
            "What was the population of Vesby in 2003?": "700",
            "How much of Norrland was covered by snow in December 2017?": "30 %",
        },
    ),
    (
        "a.txt",
        "Tower A is 30 m tall and tower B is 45 m tall. The Alder bridge (length 120 m, width 9 m, "
        "built 1962) crosses the Orne. The Birch bridge is 1.2 km long, 12.5 m wide and 40 m high; it "
        "was opened in 1987 and carries 23,000 vehicles a day. Kiruna has 22,841 inhabitants (2017) and "
        "lies at 530 m. The Cedar reservoir stores 12 million m3 at a depth of 33 m.\n",
        {
            "How tall is tower B?": "45 m",
            "How tall is tower A?": "30 m",
            "How long is the Alder bridge?": "120 m",
            "How wide is the Alder bridge?": "9 m",
            "When was the Alder bridge built?": "1962",
            "How many vehicles does the Birch bridge carry a day?": "23,000",
            "How wide is the Birch bridge?": "12.5 m",
            "How many inhabitants does Kiruna have?": "22,841 inhabitants",
        },
    ),
    (
        "a.txt",
        "Torvik county has 3 dams, 12 wells and 45 bridges. The population of Ekby is 1985. In Brinby, "
        "14 of 20 sample plots were burned. The survey of Vesby used 4 drones, which made 1,250 images "
        "at 120 m. The Ostby dataset has 21 classes with 100 images each, of 256 x 256 pixels at 0.3 m "
        "resolution. The image of Norrby was taken at 10:45 on 7 July. EuroSAT has 27,000 images in 10 "
        "classes of 64 pixels.\n",
        {
            "How many wells does Torvik county have?": "12",
            "How many bridges does Torvik county have?": "45",
            "What is the population of Ekby?": "1985",
            "How many classes does EuroSAT have?": "10",
            "How many images does EuroSAT have?": "27,000",
            "When was the image of Norrby taken?": "7 July",
        },
    ),
    (
        "a.txt",
        "The hall is at an elevation of 77 m and is 12 m high.\n",
        {
            "What is the elevation of the hall?": "77 m",
            "How high is the hall?": "12 m",
        },
    ),
    (
        "a.txt",
        "Name: Alder station\n"
        "Elevation: 412 m\n"
        "\n"
        "Name: Birch station\n"
        "Elevation: 1388 m\n"
        "Operator: Hydro AS\n"
        "Opened: 1975\n",
        {
            "Who is the operator of Alder station?": None,
            "When was Alder station opened?": None,
            "When was Birch station opened?": "1975",
            "What is the elevation of Birch station?": "1388 m",
        },
    ),
    (
        "a.md",
        "# Lake Alder\n"
        "\n"
        "Lake Alder is a lake in Norway. Lake Birch, its neighbour to the north, is 40 m deep and has "
        "an area of 12 km².\n"
        "\n"
        "The dam on Lake Cedar was built in 1962. It is owned by Hydro AS.\n",
        {
            "How deep is Lake Alder?": None,
            "When was the dam on Lake Alder built?": None,
            "Who owns the dam on Lake Alder?": None,
            "How deep is Lake Birch?": "40 m",
            "When was the dam on Lake Cedar built?": "1962",
        },
    ),
    (
        "a.txt",
        "Lake Alder lies in Norway. There are 3 islands in Lake Birch.\n",
        {
            "How many islands are in Lake Alder?": None,
            "How many islands are in Lake Birch?": "3",
        },
    ),
    (
        "a.txt",
        "The rain at the southern station was 5 mm. The rain at the northern station was 6 mm.\n",
        {
            "How much rain fell at the northern station?": None,
            "What was the rain at the northern station?": "The rain at the northern station was 6 mm.",
            "What was the rain at the eastern station?": None,
        },
    ),
    (
        "a.csv",
        "basin,level\nupper basin,60\nlower basin,70\n",
        {
            "What is the level of the lower basin?": "70",
        },
    ),
    (
        "a.txt",
        "The first survey found 12 birds. The second survey found 34 birds.\n",
        {
            "How many birds did the second survey find?": "34",
        },
    ),
    (
        "a.csv",
        "class,producer accuracy,overall accuracy\nwater,98.1,95.0\n",
        {
            "What is the overall accuracy of water?": "95.0",
        },
    ),
    (
        "a.csv",
        "name,wind_kmh,wind_direction\nAlder,20,NW\n",
        {
            "What is the wind direction at Alder?": "NW",
        },
    ),
    (
        "a.csv",
        "stand,biomass\nelder stand,40\nbeech stand,50\n",
        {
            "What is the biomass of the alder stand?": None,
            "What is the biomass of the beach stand?": None,
            "What is the biomass of the elder stand?": "40",
        },
    ),
    (
        "a.csv",
        "name,height_m,elevation_m\nAlder,41,512\n",
        {
            "What is the elevation of Alder?": "512",
            "What is the altitude of Alder?": "512",
            "How high is Alder?": "41",
        },
    ),
    (
        "a.csv",
        "name,category,type\nAlder,A,B\n",
        {
            "What is the type of Alder?": "B",
        },
    ),
    (
        "a.csv",
        "name,depth_ft,depth_m\nAlder,33,10\n",
        {
            "What is the depth of Alder in metres?": "10",
            "What is the depth of Alder in feet?": "33",
        },
    ),
    (
        "a.txt",
        "The tower is 12.5 m tall and was 10 - 15 m wide. Lake Ohrid has an area of 358.2 km² and Lake "
        "Prespa of 259.4 km².\n"
        "\n"
        "Mount Elbrus, 5,642 m, is higher than Mount Kazbek (5,054 m). Elbrus erupted about 50 AD.\n"
        "\n"
        "Lake Aral lost 60 to 70 % of its water between 1960 and 2007. Lake Chad shrank by -90% since "
        "1963. Elevation of Lake Assal: -155 m. The salinity of Lake Assal is 34.8\u2030. The elevation of "
        "Lake Eyre is \u221215 m. Elevation of the Dead Sea: 430 m below sea level.\n",
        {
            "What is the elevation of Lake Eyre?": "\u221215 m",
            "What is the elevation of the Dead Sea?": "430 m below sea level",
            "What is the elevation of Lake Assal?": "-155 m",
            "What is the area of Lake Prespa?": "259.4 km²",
        },
    ),
    (
        "a.txt",
        "The population of Quito is 1.234.567 people. The population of Lima is 9,75 million. The "
        "population of Cusco is 428 thousand.\n"
        "\n"
        "The length of the Elbe is 1.094,5 km. The length of the Oder is 742-866 km. The length of the "
        "Main is ~525 km. The length of the Naab is 1.65e2 km. The length of the Inn is 517km. The "
        "length of the Lech is 264 ± 2 km. The length of the Isar is 2/3 of that.\n"
        "\n"
        "The elevation of Graz is 353 m a.s.l. The elevation of Wels is -3.5 ft. The elevation of Linz "
        "is \u2013 12 m. The elevation of Enns is (-4.2) m. The elevation of Steyr is 1e3 m. The elevation "
        "of Melk is $12.\n"
        "\n"
        "The tower of Brno is 1/2 km high. The population of Zlin is 12 000 people.\n",
        {
            "What is the population of Quito?": "1.234.567 people",
            "What is the population of Lima?": "9,75 million",
            "What is the population of Cusco?": "428 thousand",
            "What is the length of the Elbe?": "1.094,5 km",
            "What is the length of the Oder?": "742-866 km",
            "How high is the tower of Brno?": "1/2 km",
            "What is the elevation of Wels?": "-3.5 ft",
            "What is the elevation of Linz?": "\u2013 12 m",
        },
    ),
    (
        "a.csv",
        "sensor,resolution_m\nMODIS,250\nOLI,30\n",
        {
            "What is the resolution of MODIS?": "250",
            "What is the resolution of OLI?": "30",
        },
    ),
    (
        "a.csv",
        "sample_id,site_name,cloud_cover\nS1,Alder,12\nS2,Birch,30\n",
        {
            "What is the cloud cover at Birch?": "30",
        },
    ),
    (
        "a.csv",
        "plot,date,ndvi\nPlot A,2020-05-01,0.2\nPlot A,2020-06-01,0.5\nPlot A,2019-01-01,0.1\n",
        {
            "What was the NDVI of Plot A?": None,
            "What was the NDVI of Plot A in June 2020?": "0.5",
            "What was the NDVI of Plot A on 2020-05-01?": "0.2",
            "What was the NDVI of Plot A in January 2019?": "0.1",
            "What was the NDVI of Plot A on 1 May 2020?": "0.2",
        },
    ),
    (
        "a.txt",
        "Sensor\n\nThe kappa is 0.8.\n",
        {
            "What is the sensor?": None,
        },
    ),
    (
        "a.csv",
        "site,flooded\nAlder,true\n",
        {
            "Which sites were flooded?": None,
        },
    ),
)
"""Name and text of a document, and questions with what is to be told; None: "I don't know"."""


@pytest.mark.parametrize(("name", "text", "asked"), DOCUMENTS)
def test_documents(tmp_path: Path, name: str, text: str, asked: dict[str, str | None]) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    chunks = list(read_source(tmp_path / name).chunks())
    evidence = [Evidence(n, one, score=1 / (n + 20)) for n, one in enumerate(chunks, 1)]
    told = {}
    for question in asked:
        [one] = understand(question)
        found = fact(one, without_images(lambda *_: evidence))
        told[question] = found.short if found.known else None
    assert told == asked
