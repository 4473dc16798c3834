"""Search by captions: the part of `Index` that finds images by the texts that their rows hold."""

from collections.abc import Sequence
from typing import Unpack, overload

from rsvlm.models import Encoder, Reranker, TextEncoder

from .asking import AskingCaptions, By
from .building import Progress
from .captions import CaptionReport, Captions, open_captions, update_captions
from .filters import Filter
from .hits import Hits
from .reading import PathLike, StoredIndex
from .textindex import checked_queries, loaded_sentences


class CaptionedIndex(StoredIndex):
    """An index in a folder whose captions are searched, too; their vectors are made when they are first asked for."""

    def __init__(self, folder: PathLike, encoder: Encoder | PathLike | None = None) -> None:
        """Open an index; the arguments are those of `StoredIndex`."""
        super().__init__(folder, encoder)
        self._text_encoder: TextEncoder | None = None
        self._captions: Captions | None = None

    def refresh(self) -> None:
        """Look at the folder again, for what another process changed."""
        super().refresh()
        self._captions = None

    @overload
    def search_captions(self, text: str, **how: Unpack[AskingCaptions]) -> Hits: ...
    @overload
    def search_captions(
        self, text: list[str] | tuple[str, ...], **how: Unpack[AskingCaptions]
    ) -> list[Hits]: ...
    @overload
    def search_captions(
        self, text: str | Sequence[str], **how: Unpack[AskingCaptions]
    ) -> Hits | list[Hits]: ...

    def search_captions(
        self,
        text: str | Sequence[str],
        *,
        k: int = 10,
        offset: int = 0,
        by: By = "both",
        pictures: bool = False,
        filter: Filter | None = None,
        reranker: Reranker | PathLike | None = None,
        device: str = "auto",
        progress: Progress | None = None,
    ) -> Hits | list[Hits]:
        """Find images by their captions, each by its best one.

        The captions are encoded when they are first asked for, and those of new images before the next search: see
        `index_captions`.

        Args:
            text: What to find, or a list for several searches at once.
            k: How many hits.
            offset: How many of the best are passed over: the second page of 10 has the offset 10.
            by: "words": by words that a caption shares with it (BM25); "meaning": by the cosine of sentence vectors;
                "both": by the ranks in these two, fused.
            pictures: Search among the pictures, too, as `search` does, and fuse the ranks there with those by captions.
            filter: What all hits must be.
            reranker: A cross-encoder that puts the first 50 (or k) in order by their captions, then the next ones, or
                what `rsvlm.models.load_reranker` takes; images without captions are then left out.
            device: For what makes vectors of captions, where it is loaded here.
            progress: Called with captions encoded and captions to be encoded.

        Returns:
            The hits, the best first; a list of them where text is one. The score is BM25's, the cosine, the sum of
            1 / (60 + rank) over the rankings that were fused, or the reranker's. Ranks that were fused are told, too:
            `by_words` and `by_meaning`, or `by_captions` and `by_pictures`. `caption` is the one that an image was
            found by; null where only its picture was found.

        Raises:
            RetrievalError: No image has a caption, or what there cannot be is asked.
        """
        checked_queries(text, k, offset, by)  # before captions are encoded, which may take minutes
        if self._captions is None:
            self._captions = open_captions(self._snapshot, self._text_encoder, progress, device)
        return self._captions.search(
            text, k=k, offset=offset, by=by, filter=filter, pictures=self.encoder if pictures else None,
            reranker=reranker,
        )  # fmt: skip

    def index_captions(
        self,
        encoder: TextEncoder | PathLike | None = None,
        *,
        device: str = "auto",
        progress: Progress | None = None,
    ) -> CaptionReport:
        """Encode the captions that are not encoded yet. Stopped, it goes on when it is called again.

        Args:
            encoder: What makes their vectors, or what `rsvlm.models.load_sentence_encoder` takes; those that another
                one made are made anew. None: what made them, or all-MiniLM-L6-v2.
            device: For the encoder, where it is loaded here.
            progress: Called with captions encoded and captions to be encoded.

        Raises:
            RetrievalError: No image has a caption, or another process is at it.
        """
        if encoder is not None:
            self._text_encoder = loaded_sentences(encoder, device)
        report = update_captions(self.folder, self._text_encoder, progress, device)
        self.refresh()
        return report
